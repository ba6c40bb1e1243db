// dx = dy * f'(x) for f = silu or gelu (see forward.wgsl), elementwise. With s = sigmoid(g(x)):
// f = x s, f' = s + x s (1 - s) g'(x).

alias Value = vec4<f32>;

override size: u32;
override kind: u32; // 0 silu, 1 gelu
override cubic: f32 = 0.044715;

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding(1) var<storage, read> dy: array<Value>;
@group(0) @binding(2) var<storage, read_write> dx: array<Value>;

fn slope(v: Value, inner: Value, innerSlope: Value) -> Value {
  let decay = exp(-abs(inner));
  let s = select(decay, Value(1.0), inner >= Value(0.0)) / (Value(1.0) + decay);
  // s (1 - s) without cancellation.
  let product = decay / ((Value(1.0) + decay) * (Value(1.0) + decay));
  return s + v * product * innerSlope;
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
    dx[i] = dy[i] * slope(v, v, Value(1.0));
  } else {
    let twice = Value(1.5957691216057308);
    let inner = twice * v * (Value(1.0) + cubic * v * v);
    dx[i] = dy[i] * slope(v, inner, twice * (Value(1.0) + 3.0 * cubic * v * v));
  }
}
