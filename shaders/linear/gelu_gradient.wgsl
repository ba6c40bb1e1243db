// Gradient through GELU (tanh form): out = dY gelu'(before), elementwise over SIZE values, where `before` is
// what the linear layer saved. With s = sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3):
// gelu'(x) = s + x s (1 - s) 2 u'.

override SIZE: u32;

const GROUP = 64u;

@group(0) @binding(0) var<storage, read> output_gradient: array<f32>;
@group(0) @binding(1) var<storage, read> before: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let at = (group.y * groups.x + group.x) * GROUP + local;
  if (at >= SIZE) {
    return;
  }
  let x = before[at];
  let doubled = 1.5957691216057308 * (x + 0.044715 * x * x * x);
  let gate = 1.0 / (1.0 + exp(-clamp(doubled, -80.0, 80.0)));
  let slope = 1.5957691216057308 * (1.0 + 0.134145 * x * x);
  gradient[at] = output_gradient[at] * (gate + x * gate * (1.0 - gate) * slope);
}
