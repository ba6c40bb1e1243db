// Gradients of layer norm to scale and shift: dscale [groups, C] = sum of dy n over the group's rows, dshift the
// sum of dy (see forward.wgsl). A workgroup adds `columns` Values of one group; its `lanes` threads a column
// share the rows and add up in a fixed order, so the result is the same in every run. No atomics.

alias Value = vec4<f32>;

override C: u32;
override rowsPerGroup: u32;
override columns: u32 = 16;
override lanes: u32 = 4;
override unit: f32 = 1.0; // 1, except in the negative control

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding(1) var<storage, read> statistics: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> dy: array<Value>;
@group(0) @binding(3) var<storage, read_write> dscale: array<Value>;
@group(0) @binding(4) var<storage, read_write> dshift: array<Value>;

var<workgroup> partialScale: array<Value, columns * lanes>;
var<workgroup> partialShift: array<Value, columns * lanes>;

@compute @workgroup_size(columns, lanes)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let wanted = group.x * columns + local.x;
  let c = min(wanted, C - 1u);
  let slot = local.y * columns + local.x;
  let first = group.y * rowsPerGroup;
  var scaleSum = Value(0.0);
  var shiftSum = Value(0.0);
  for (var r = local.y; r < rowsPerGroup; r += lanes) {
    let row = first + r;
    let gradient = dy[row * C + c];
    scaleSum += gradient * (x[row * C + c] - statistics[row].x) * statistics[row].y;
    shiftSum += gradient;
  }
  partialScale[slot] = scaleSum;
  partialShift[slot] = shiftSum;
  workgroupBarrier();
  if (local.y > 0u || wanted >= C) {
    return;
  }
  for (var other = 1u; other < lanes; other++) {
    scaleSum += partialScale[other * columns + local.x];
    shiftSum += partialShift[other * columns + local.x];
  }
  dscale[group.y * C + c] = unit * scaleSum;
  dshift[group.y * C + c] = shiftSum;
}
