// Gradient of x + gate y to the gate: dgate [B, C] = sum over L of dout y. A workgroup adds `columns` Values
// of one batch element; `lanes` threads a column share the rows and add up in a fixed order. No atomics.

alias Value = vec4<f32>;

override L: u32;
override C: u32;
override columns: u32 = 16;
override lanes: u32 = 4;
override unit: f32 = 1.0; // 1, except in the negative control

@group(0) @binding(0) var<storage, read> dout: array<Value>;
@group(0) @binding(1) var<storage, read> y: array<Value>;
@group(0) @binding(2) var<storage, read_write> dgate: array<Value>;

var<workgroup> partial: array<Value, columns * lanes>;

@compute @workgroup_size(columns, lanes)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let wanted = group.x * columns + local.x;
  let c = min(wanted, C - 1u);
  var sum = Value(0.0);
  for (var l = local.y; l < L; l += lanes) {
    let i = (group.y * L + l) * C + c;
    sum += dout[i] * y[i];
  }
  partial[local.y * columns + local.x] = sum;
  workgroupBarrier();
  if (local.y > 0u || wanted >= C) {
    return;
  }
  for (var other = 1u; other < lanes; other++) {
    sum += partial[other * columns + local.x];
  }
  dgate[group.y * C + c] = unit * sum;
}
