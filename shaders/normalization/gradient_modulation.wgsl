// Gradient of layer norm to scale or shift, [groups, C]: the sum over the group's rows of dy n, or of dy (see
// forward.wgsl). One at a time, since each is computed only when asked for. A workgroup adds `columns` Values
// of one group; its `lanes` threads a column share the rows and add up in a fixed order, so the result is the
// same in every run. No atomics.

alias Value = vec4<f32>;

override ofScale: u32; // 1 the gradient to scale, 0 to shift
override C: u32;
override rowsPerGroup: u32;
override columns: u32 = 16;
override lanes: u32 = 4;
override unit: f32 = 1.0; // 1, except in the negative control

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding(1) var<storage, read> statistics: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> dy: array<Value>;
@group(0) @binding(3) var<storage, read_write> result: array<Value>;

var<workgroup> partial: array<Value, columns * lanes>;

@compute @workgroup_size(columns, lanes)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let wanted = group.x * columns + local.x;
  let c = min(wanted, C - 1u);
  let slot = local.y * columns + local.x;
  let first = group.y * rowsPerGroup;
  var sum = Value(0.0);
  for (var r = local.y; r < rowsPerGroup; r += lanes) {
    let row = first + r;
    if (ofScale == 1u) {
      sum += dy[row * C + c] * (x[row * C + c] - statistics[row].x) * statistics[row].y;
    } else {
      sum += dy[row * C + c];
    }
  }
  partial[slot] = sum;
  workgroupBarrier();
  if (local.y > 0u || wanted >= C) {
    return;
  }
  for (var other = 1u; other < lanes; other++) {
    sum += partial[other * columns + local.x];
  }
  result[group.y * C + c] = unit * sum;
}
