// Gradient of a causal 3D convolution to its filter in SLICES partial sums, with tiles staged through workgroup
// memory: what register_filter_gradient.wgsl computes, laid out for GPUs. CIN and COUT are multiples of 4.
//
// A workgroup of THREADS x THREADS takes one slice of the output positions, one tap and a (4 THREADS)^2 tile of
// (CIN, COUT), 4 x 4 a thread, DEPTH positions at a time.

override POSITIONS: u32; // B * OT * OH * OW
override SLICES: u32;
override T: i32;
override H: i32;
override W: i32;
override CIN: u32;
override OT: u32;
override OH: u32;
override OW: u32;
override COUT: u32;
override KT: u32;
override KH: u32;
override KW: u32;
override ST: i32;
override SH: i32;
override SW: i32;

const THREADS = 8u;
const DEPTH = 16u;
const TILE = 4u * THREADS;
const GROUP = THREADS * THREADS;
const LOADS = DEPTH * TILE / 4u;

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> output_gradient: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> partial: array<vec4<f32>>;

var<workgroup> left_tile: array<f32, DEPTH * TILE>;
var<workgroup> right_tile: array<f32, DEPTH * TILE>;

@compute @workgroup_size(THREADS, THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let columns = (COUT + TILE - 1u) / TILE;
  let rows = (CIN + TILE - 1u) / TILE;
  let taps = KT * KH * KW;
  let tile = group.y * groups.x + group.x;
  let column = tile % columns * TILE;
  let row = tile / columns % rows * TILE;
  let tap = tile / (columns * rows) % taps;
  let slice = tile / (columns * rows * taps);
  let shift = vec3<i32>(vec3<u32>(tap / (KW * KH), tap / KW % KH, tap % KW))
    - vec3<i32>(vec3<u32>(KT - 1u, (KH - 1u) / 2u, (KW - 1u) / 2u));
  let per_slice = (POSITIONS + SLICES - 1u) / SLICES;
  let end = min(POSITIONS, (slice + 1u) * per_slice);
  var sum = array<vec4<f32>, 4>();
  for (var start = slice * per_slice; start < end; start += DEPTH) {
    for (var load = index; load < LOADS; load += GROUP) {
      let k = load / (TILE / 4u);
      let c = load % (TILE / 4u) * 4u;
      let position = start + k;
      let out = vec3<i32>(vec3<u32>(position / (OW * OH) % OT, position / OW % OH, position % OW));
      let at = out * vec3<i32>(ST, SH, SW) + shift;
      let inside = position < end && all(at >= vec3<i32>(0)) && all(at < vec3<i32>(T, H, W));
      var left = vec4<f32>(0.0);
      if (inside && row + c < CIN) {
        let clip = i32(position / (OW * OH * OT)) * T;
        left = x[(u32(((clip + at.x) * H + at.y) * W + at.z) * CIN + row + c) / 4u];
      }
      var right = vec4<f32>(0.0);
      if (inside && column + c < COUT) {
        right = output_gradient[(position * COUT + column + c) / 4u];
      }
      for (var i = 0u; i < 4u; i++) { // unroll
        left_tile[k * TILE + c + i] = left[i];
        right_tile[k * TILE + c + i] = right[i];
      }
    }
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let at = k * TILE + local.x * 4u;
      let b = vec4<f32>(right_tile[at], right_tile[at + 1u], right_tile[at + 2u], right_tile[at + 3u]);
      for (var i = 0u; i < 4u; i++) { // unroll
        sum[i] += left_tile[k * TILE + local.y * 4u + i] * b;
      }
    }
    workgroupBarrier();
  }
  let n = column + local.x * 4u;
  if (slice < SLICES && n < COUT) {
    for (var i = 0u; i < 4u; i++) { // unroll
      let m = row + local.y * 4u + i;
      if (m < CIN) {
        partial[(((slice * taps + tap) * CIN + m) * COUT + n) / 4u] = sum[i];
      }
    }
  }
}
