// Gradient of layer norm with modulation to its input (see forward.wgsl for shapes and lanes):
// g = dy (1 + scale), n = (x - mean) inverse, dx = inverse (g - mean(g) - n mean(g n)).
//
// GATED: x is the sum of forward.wgsl, whose own gradient dsum is added to dx; dadded = gate dx.

enable subgroups; // when SUBGROUPS
requires subgroup_id; // when SUBGROUPS

alias Value = vec4<f32>;

const SUBGROUPS = 0;
const GATED = 1;

override rows: u32;
override C: u32;
override channels: f32;
override rowsPerGroup: u32;
override rowsPerGate: u32 = 1u;
override lanes: u32 = 1;
override rowsPerWorkgroup: u32 = 64;
override unit: f32 = 1.0; // 1, except in the negative control

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding(1) var<storage, read> scale: array<Value>;
@group(0) @binding(2) var<storage, read> statistics: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read> dy: array<Value>;
@group(0) @binding(4) var<storage, read> dsum: array<Value>; // when GATED
@group(0) @binding(5) var<storage, read> gate: array<Value>; // when GATED
@group(0) @binding(6) var<storage, read_write> dx: array<Value>;
@group(0) @binding(7) var<storage, read_write> dadded: array<Value>; // when GATED

var<workgroup> partial: array<vec2<f32>, lanes * rowsPerWorkgroup>;

fn total(value: Value) -> f32 {
  return dot(value, Value(1.0));
}

// The sum over the lanes of a row; every thread of the workgroup calls it.
fn across(value: vec2<f32>, lane: u32, slot: u32, team: vec2<u32>) -> vec2<f32> {
  if (lanes == 1u) {
    return value;
  }
  workgroupBarrier();
  return of_subgroups(value, team); // when SUBGROUPS
  return of_tree(value, lane, slot);
}

fn of_tree(value: vec2<f32>, lane: u32, slot: u32) -> vec2<f32> {
  partial[slot] = value;
  for (var half = lanes / 2u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (lane < half) {
      partial[slot] = partial[slot] + partial[slot + half];
    }
  }
  workgroupBarrier();
  return partial[slot - lane];
}

// A row has the whole workgroup; team: which subgroup of it this is, and of how many. Their size is the adapter's.
fn of_subgroups(value: vec2<f32>, team: vec2<u32>) -> vec2<f32> { // when SUBGROUPS
  let together = subgroupAdd(value); // when SUBGROUPS
  if (subgroupElect()) { partial[team.x] = together; } // when SUBGROUPS
  workgroupBarrier(); // when SUBGROUPS
  var sum = partial[0]; // when SUBGROUPS
  for (var other = 1u; other < team.y; other++) { sum += partial[other]; } // when SUBGROUPS
  return sum; // when SUBGROUPS
} // when SUBGROUPS

@compute @workgroup_size(lanes, rowsPerWorkgroup)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(subgroup_id) subgroup: u32, // when SUBGROUPS
  @builtin(num_subgroups) subgroups: u32, // when SUBGROUPS
) {
  var team = vec2<u32>(0u, 1u);
  team = vec2<u32>(subgroup, subgroups); // when SUBGROUPS
  let lane = local.x;
  let slot = local.y * lanes + lane;
  let wanted = (group.y * groups.x + group.x) * rowsPerWorkgroup + local.y;
  let row = min(wanted, rows - 1u);
  let start = row * C;
  let modulation = (row / rowsPerGroup) * C;
  let mean = statistics[row].x;
  let inverse = statistics[row].y;

  var sum = Value(0.0);
  var product = Value(0.0);
  for (var c = lane; c < C; c += lanes) {
    let g = dy[start + c] * (unit + scale[modulation + c]);
    sum += g;
    product += g * (x[start + c] - mean);
  }
  let means = across(vec2<f32>(total(sum), total(product) * inverse), lane, slot, team) / channels;
  if (wanted >= rows) {
    return;
  }
  for (var c = lane; c < C; c += lanes) {
    let g = dy[start + c] * (unit + scale[modulation + c]);
    let normal = (x[start + c] - mean) * inverse;
    var gradient = inverse * (g - means.x - normal * means.y);
    gradient += dsum[start + c]; // when GATED
    dadded[start + c] = gate[(row / rowsPerGate) * C + c] * gradient; // when GATED
    dx[start + c] = gradient;
  }
}
