// y = silu(x) or gelu(x), elementwise. silu(x) = x sigmoid(x) (arXiv:1710.05941);
// gelu(x) = x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3): the tanh form (arXiv:1606.08415)
// without its cancellation. exp is taken of negative numbers only, so it never overflows.

alias Value = vec4<f32>;

override size: u32;
override kind: u32; // 0 silu, 1 gelu
override cubic: f32 = 0.044715;

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding(1) var<storage, read_write> y: array<Value>;

fn sigmoid(v: Value) -> Value {
  let decay = exp(-abs(v));
  return select(decay, Value(1.0), v >= Value(0.0)) / (Value(1.0) + decay);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + local;
  if (i >= size) {
    return;
  }
  let v = x[i];
  if (kind == 0u) {
    y[i] = v * sigmoid(v);
  } else {
    y[i] = v * sigmoid(1.5957691216057308 * v * (Value(1.0) + cubic * v * v));
  }
}
