// Causal 3D convolution, channels last: x [B, T, H, W, CIN], filter [KT, KH, KW, CIN, COUT], bias [COUT] ->
// y [B, OT, OH, OW, COUT]. Output o reads input o stride - pad + k, pad = (KT - 1, (KH - 1) / 2, (KW - 1) / 2),
// zero outside. CIN and COUT are multiples of 4.
//
// Implicit matrix product: rows are the POSITIONS = B OT OH OW outputs, the sum runs over taps and CIN. Each
// thread keeps ROWS positions x 4 CHUNKS channels in registers; the column of channels runs fastest over
// threads, so none is idle when there are few. No workgroup memory, no barriers.

override POSITIONS: u32;
override T: i32;
override H: i32;
override W: i32;
override CIN: u32;
override OT: u32;
override OH: u32;
override OW: u32;
override COUT: u32;
override KT: i32;
override KH: i32;
override KW: i32;
override ST: i32;
override SH: i32;
override SW: i32;
override GAIN: f32 = 1.0; // 1, except in the negative control

const ROWS = 8u;
const CHUNKS = 2u;
const BIAS = 1;
const GROUP = 16u;

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> filters: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> bias: array<vec4<f32>>; // when BIAS
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let in4 = CIN / 4u;
  let out4 = COUT / 4u;
  let tiles = (out4 + CHUNKS - 1u) / CHUNKS;
  let index = (group.y * groups.x + group.x) * GROUP + local;
  let row = index / tiles * ROWS;
  let column = index % tiles * CHUNKS;
  if (row >= POSITIONS) {
    return;
  }
  var first = array<vec3<i32>, ROWS>();
  var clip = array<i32, ROWS>();
  for (var i = 0u; i < ROWS; i++) { // unroll
    let position = min(row + i, POSITIONS - 1u);
    let at = vec3<u32>(position / (OW * OH) % OT, position / OW % OH, position % OW);
    first[i] = vec3<i32>(at) * vec3<i32>(ST, SH, SW) - vec3<i32>(KT - 1, (KH - 1) / 2, (KW - 1) / 2);
    clip[i] = i32(position / (OW * OH * OT)) * T;
  }
  var sum = array<array<vec4<f32>, CHUNKS>, ROWS>();
  var weights_at = column;
  for (var kt = 0; kt < KT; kt++) {
    for (var kh = 0; kh < KH; kh++) {
      for (var kw = 0; kw < KW; kw++) {
        var inside = array<bool, ROWS>();
        var x_at = array<u32, ROWS>();
        for (var i = 0u; i < ROWS; i++) { // unroll
          let at = first[i] + vec3<i32>(kt, kh, kw);
          inside[i] = all(at >= vec3<i32>(0)) && all(at < vec3<i32>(T, H, W));
          x_at[i] = select(0u, u32(((clip[i] + at.x) * H + at.y) * W + at.z) * in4, inside[i]);
        }
        for (var c = 0u; c < in4; c++) {
          var left = array<vec4<f32>, ROWS>();
          for (var i = 0u; i < ROWS; i++) { // unroll
            left[i] = select(vec4<f32>(0.0), x[x_at[i] + c], inside[i]);
          }
          for (var k = 0u; k < 4u; k++) { // unroll
            for (var j = 0u; j < CHUNKS; j++) { // unroll
              let right = filters[weights_at + k * out4 + j];
              for (var i = 0u; i < ROWS; i++) { // unroll
                sum[i][j] += left[i][k] * right;
              }
            }
          }
          weights_at += COUT;
        }
      }
    }
  }
  for (var j = 0u; j < CHUNKS; j++) { // unroll
    if (column + j < out4) {
      var shift = vec4<f32>(0.0);
      shift = bias[column + j]; // when BIAS
      for (var i = 0u; i < ROWS; i++) { // unroll
        if (row + i < POSITIONS) {
          y[(row + i) * out4 + column + j] = sum[i][j] * GAIN + shift;
        }
      }
    }
  }
}
