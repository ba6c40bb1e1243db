// Causal 3D convolution or its gradient to the input for any number of channels: what staged.wgsl computes,
// with scalar loads. This is the path for channels that are not multiples of 4.
//
// Source sizes T, H, W belong to what is read, OT, OH, OW to the result. Each thread computes TILE channels of
// one position of the result. The weight of (tap, k, n) lies at tap K N + k DEPTH_STEP + n COLUMN_STEP.

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
override DEPTH_STEP: u32;
override COLUMN_STEP: u32;
override GRADIENT: bool = false;
override GAIN: f32 = 1.0; // 1, except in the negative control

const TILE = 4u;
const BIAS = 1;
const GROUP = 16u;

@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read> filters: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>; // when BIAS
@group(0) @binding(3) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let tiles = (N + TILE - 1u) / TILE;
  let index = (group.y * groups.x + group.x) * GROUP + local;
  let position = index / tiles;
  let column = index % tiles * TILE;
  if (position >= POSITIONS) {
    return;
  }
  let place = vec3<i32>(vec3<u32>(position / (OW * OH) % OT, position / OW % OH, position % OW));
  let clip = i32(position / (OW * OH * OT)) * T;
  let padding = vec3<i32>(KT - 1, (KH - 1) / 2, (KW - 1) / 2);
  let stride = vec3<i32>(ST, SH, SW);
  var sum = array<f32, TILE>();
  for (var tap = 0; tap < KT * KH * KW; tap++) {
    let step = vec3<i32>(tap / (KW * KH), tap / KW % KH, tap % KW);
    var at = place * stride - padding + step;
    var whole = true;
    if (GRADIENT) {
      let offset = place + padding - step;
      at = offset / stride;
      whole = all(offset >= vec3<i32>(0)) && all(at * stride == offset);
    }
    if (whole && all(at >= vec3<i32>(0)) && all(at < vec3<i32>(T, H, W))) {
      let source_at = u32(((clip + at.x) * H + at.y) * W + at.z) * K;
      for (var k = 0u; k < K; k++) {
        let left = source[source_at + k];
        for (var j = 0u; j < TILE; j++) { // unroll
          sum[j] += left * filters[u32(tap) * K * N + k * DEPTH_STEP + (column + j) * COLUMN_STEP];
        }
      }
    }
  }
  for (var j = 0u; j < TILE; j++) { // unroll
    if (column + j < N) {
      var shift = 0.0;
      shift = bias[column + j]; // when BIAS
      result[position * N + column + j] = sum[j] * GAIN + shift;
    }
  }
}
