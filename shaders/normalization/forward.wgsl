// Layer norm with modulation: y = (x - mean) / sqrt(var + epsilon) * (1 + scale) + shift over the last axis.
// x [rows, C] -> y [rows, C] and statistics [rows, 2] = (mean, 1 / sqrt(var + epsilon)) for the gradients.
// scale, shift [groups, C]; rowsPerGroup consecutive rows share one. Layer normalization: arXiv:1607.06450;
// scale and shift from a condition: arXiv:2212.09748. C counts Values.
//
// GATED: what is normalised is the sum x + gate added, which is stored as well: added [rows, C]; gate [gates, C], and
// rowsPerGate consecutive rows share one.
//
// `lanes` threads work on one row and add up in a fixed order, through workgroup memory or (SUBGROUPS) within subgroups
// first; with lanes = 1 each thread has a row of its own and no barrier is met. The variance is taken in a second pass
// over the row: E[x^2] - mean^2 loses all digits when the mean is large.

enable subgroups; // when SUBGROUPS
requires subgroup_id; // when SUBGROUPS

alias Value = vec4<f32>;

const SUBGROUPS = 0;
const GATED = 1;

override rows: u32;
override C: u32;
override channels: f32; // elements of a row
override rowsPerGroup: u32;
override rowsPerGate: u32 = 1u;
override epsilon: f32 = 1e-6;
override lanes: u32 = 1;
override rowsPerWorkgroup: u32 = 64;
override unit: f32 = 1.0; // 1, except in the negative control

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding(1) var<storage, read> scale: array<Value>;
@group(0) @binding(2) var<storage, read> shift: array<Value>;
@group(0) @binding(3) var<storage, read> added: array<Value>; // when GATED
@group(0) @binding(4) var<storage, read> gate: array<Value>; // when GATED
@group(0) @binding(5) var<storage, read_write> y: array<Value>;
@group(0) @binding(6) var<storage, read_write> statistics: array<vec2<f32>>;
@group(0) @binding(7) var<storage, read_write> total_of_both: array<Value>; // when GATED

var<workgroup> partial: array<f32, lanes * rowsPerWorkgroup>;

fn total(value: Value) -> f32 {
  return dot(value, Value(1.0));
}

// What is normalised; a thread reads what it has stored itself (a surplus one anything: it stores nothing).
fn normalised(i: u32) -> Value {
  return total_of_both[i]; // when GATED
  return x[i];
}

// The sum over the lanes of a row; every thread of the workgroup calls it.
fn across(value: f32, lane: u32, slot: u32, team: vec2<u32>) -> f32 {
  if (lanes == 1u) {
    return value;
  }
  workgroupBarrier();
  return of_subgroups(value, team); // when SUBGROUPS
  return of_tree(value, lane, slot);
}

fn of_tree(value: f32, lane: u32, slot: u32) -> f32 {
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
fn of_subgroups(value: f32, team: vec2<u32>) -> f32 { // when SUBGROUPS
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
  // Surplus threads repeat the last row, so that all meet the barriers, and store nothing.
  let row = min(wanted, rows - 1u);
  let start = row * C;

  let gated = (row / rowsPerGate) * C; // when GATED
  var sum = Value(0.0);
  for (var c = lane; c < C; c += lanes) {
    var value = x[start + c];
    value += unit * gate[gated + c] * added[start + c]; // when GATED
    if (wanted < rows) { total_of_both[start + c] = value; } // when GATED
    sum += value;
  }
  let mean = across(total(sum), lane, slot, team) / channels;
  var squares = Value(0.0);
  for (var c = lane; c < C; c += lanes) {
    let centred = normalised(start + c) - mean;
    squares += centred * centred;
  }
  let variance = across(total(squares), lane, slot, team) / channels;
  let inverse = 1.0 / sqrt(variance + epsilon);
  if (wanted >= rows) {
    return;
  }
  let modulation = (row / rowsPerGroup) * C;
  for (var c = lane; c < C; c += lanes) {
    let normal = (normalised(start + c) - mean) * inverse;
    y[start + c] = normal * (Value(1.0) + scale[modulation + c]) + shift[modulation + c];
  }
  if (lane == 0u) {
    statistics[row] = vec2<f32>(mean, inverse);
  }
}
