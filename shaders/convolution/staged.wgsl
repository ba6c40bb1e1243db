// Causal 3D convolution or its gradient to the input, with tiles staged through workgroup memory: what
// register_forward.wgsl and register_input_gradient.wgsl compute, laid out for GPUs.
//
// Implicit matrix product: rows are the POSITIONS of the result (outputs; inputs if GRADIENT), columns its
// channels N, and the sum runs over taps and the K channels of what is read. Source sizes T, H, W belong to
// what is read, OT, OH, OW to the result. K and N are multiples of 4. A workgroup of THREADS x THREADS computes
// a (4 THREADS)^2 tile, 4 x 4 a thread, gathering the rows of a tap (im2col) inside the tile load. PARTS times as many
// threads share a step along K, DEPTH of it each, where outputs are too few to fill a GPU; PARTS is 1, 2 or 4.

override POSITIONS: u32;
override T: i32;
override H: i32;
override W: i32;
override K: u32;
override OT: u32;
override OH: u32;
override OW: u32;
override N: u32;
override KT: i32;
override KH: i32;
override KW: i32;
override ST: i32;
override SH: i32;
override SW: i32;
override GRADIENT: bool = false;
override GAIN: f32 = 1.0; // 1, except in the negative control

const THREADS = 8u;
const DEPTH = 16u;
const PARTS = 1u;
const BIAS = 1;
const TILE = 4u * THREADS;
const GROUP = THREADS * THREADS * PARTS;
const STEP = DEPTH * PARTS;
const LOADS = STEP * TILE / 4u;
const EXCHANGED = select(1u, GROUP, PARTS > 1u);

@group(0) @binding(0) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> filters: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> bias: array<vec4<f32>>; // when BIAS
@group(0) @binding(3) var<storage, read_write> result: array<vec4<f32>>;

var<workgroup> origin: array<vec4<i32>, TILE>;
var<workgroup> left_tile: array<f32, STEP * TILE>;
var<workgroup> right_tile: array<f32, STEP * TILE>;
var<workgroup> exchange: array<vec4<f32>, EXCHANGED>;

// Index of the position that a result position reads at a tap, or -1 where there is none.
fn source_of(place: vec4<i32>, tap: vec3<i32>) -> i32 {
  var at = place.xyz + tap;
  if (GRADIENT) {
    let offset = place.xyz - tap;
    at = offset / vec3<i32>(ST, SH, SW);
    if (any(offset < vec3<i32>(0)) || any(at * vec3<i32>(ST, SH, SW) != offset)) {
      return -1;
    }
  }
  let inside = all(at >= vec3<i32>(0)) && all(at < vec3<i32>(T, H, W));
  return select(-1, ((place.w + at.x) * H + at.y) * W + at.z, inside);
}

@compute @workgroup_size(THREADS, THREADS, PARTS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let tiles = (N + TILE - 1u) / TILE;
  let tile = group.y * groups.x + group.x;
  let row = tile / tiles * TILE;
  let column = tile % tiles * TILE;
  for (var m = index; m < TILE; m += GROUP) {
    let position = min(row + m, POSITIONS - 1u);
    let at = vec3<i32>(vec3<u32>(position / (OW * OH) % OT, position / OW % OH, position % OW));
    let padding = vec3<i32>(KT - 1, (KH - 1) / 2, (KW - 1) / 2);
    let first = select(at * vec3<i32>(ST, SH, SW) - padding, at + padding, GRADIENT);
    origin[m] = vec4<i32>(first, i32(position / (OW * OH * OT)) * T);
  }
  workgroupBarrier();
  var sum = array<vec4<f32>, 4>();
  for (var tap = 0; tap < KT * KH * KW; tap++) {
    let step = vec3<i32>(tap / (KW * KH), tap / KW % KH, tap % KW);
    for (var start = 0u; start < K; start += STEP) {
      for (var load = index; load < LOADS; load += GROUP) {
        let m = load / (STEP / 4u);
        let k = load % (STEP / 4u) * 4u;
        var value = vec4<f32>(0.0);
        let at = source_of(origin[m], step);
        if (at >= 0 && start + k < K) {
          value = source[(u32(at) * K + start + k) / 4u];
        }
        for (var c = 0u; c < 4u; c++) { // unroll
          left_tile[(k + c) * TILE + m] = value[c];
        }
        if (GRADIENT) {
          var weight = vec4<f32>(0.0);
          if (start + k < K && column + m < N) {
            weight = filters[((u32(tap) * N + column + m) * K + start + k) / 4u];
          }
          for (var c = 0u; c < 4u; c++) { // unroll
            right_tile[(k + c) * TILE + m] = weight[c];
          }
        } else {
          let depth = load / (TILE / 4u);
          let n = load % (TILE / 4u) * 4u;
          var weight = vec4<f32>(0.0);
          if (start + depth < K && column + n < N) {
            weight = filters[((u32(tap) * K + start + depth) * N + column + n) / 4u];
          }
          for (var c = 0u; c < 4u; c++) { // unroll
            right_tile[depth * TILE + n + c] = weight[c];
          }
        }
      }
      workgroupBarrier();
      for (var k = local.z * DEPTH; k < (local.z + 1u) * DEPTH; k++) {
        let at = k * TILE + local.x * 4u;
        let b = vec4<f32>(right_tile[at], right_tile[at + 1u], right_tile[at + 2u], right_tile[at + 3u]);
        for (var i = 0u; i < 4u; i++) { // unroll
          sum[i] += left_tile[k * TILE + local.y * 4u + i] * b;
        }
      }
      workgroupBarrier();
    }
  }
  if (PARTS > 1u) {
    for (var i = 0u; i < 4u; i++) { // unroll
      exchange[index] = sum[i];
      workgroupBarrier();
      if (i % PARTS == local.z) {
        sum[i] = vec4<f32>();
        for (var other = index % (THREADS * THREADS); other < GROUP; other += THREADS * THREADS) {
          sum[i] += exchange[other];
        }
      }
      workgroupBarrier();
    }
  }
  let n = column / 4u + local.x;
  if (n < N / 4u) {
    var shift = vec4<f32>(0.0);
    shift = bias[n]; // when BIAS
    for (var i = 0u; i < 4u; i++) { // unroll
      let m = row + local.y * 4u + i;
      if (m < POSITIONS && i % PARTS == local.z) {
        result[m * (N / 4u) + n] = sum[i] * GAIN + shift;
      }
    }
  }
}
