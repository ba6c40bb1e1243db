// Gradient of a causal 3D convolution to its filter, in SLICES partial sums: x [B, T, H, W, CIN] and
// dy [B, OT, OH, OW, COUT] -> [SLICES, KT, KH, KW, CIN, COUT]; their sum over slices is the gradient
// (linear/column_sums.wgsl). CIN and COUT are multiples of 4. See register_forward.wgsl.
//
// Each thread takes one tap and a 4 ROW_CHUNKS x 4 CHUNKS tile of (CIN, COUT), and walks the lines (b, t, h) of
// its slice of the output; along a line only the outputs whose input exists are visited. Slices give enough
// threads when there are few taps and channels, and short sums; the order is fixed by the shape.

override LINES: u32; // B * OT * OH
override SLICES: u32;
override T: i32;
override H: i32;
override W: i32;
override CIN: u32;
override OT: u32;
override OH: u32;
override OW: i32;
override COUT: u32;
override KT: u32;
override KH: u32;
override KW: u32;
override ST: i32;
override SH: i32;
override SW: i32;

const ROW_CHUNKS = 2u;
const CHUNKS = 2u;
const GROUP = 16u;

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> output_gradient: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> partial: array<vec4<f32>>;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let in4 = CIN / 4u;
  let out4 = COUT / 4u;
  let tiles = (out4 + CHUNKS - 1u) / CHUNKS;
  let row_tiles = (in4 + ROW_CHUNKS - 1u) / ROW_CHUNKS;
  let taps = KT * KH * KW;
  let index = (group.y * groups.x + group.x) * GROUP + local;
  let column = index % tiles * CHUNKS;
  let row = index / tiles % row_tiles * ROW_CHUNKS;
  let tap = index / (tiles * row_tiles) % taps;
  let slice = index / (tiles * row_tiles * taps);
  if (slice >= SLICES) {
    return;
  }
  let shift = vec3<i32>(vec3<u32>(tap / (KW * KH), tap / KW % KH, tap % KW))
    - vec3<i32>(vec3<u32>(KT - 1u, (KH - 1u) / 2u, (KW - 1u) / 2u));
  // Outputs w with 0 <= w SW + shift.z < W.
  let low = select(0, (SW - 1 - shift.z) / SW, shift.z < 0);
  let high = min(OW, (W - 1 - shift.z + SW) / SW);
  let per_slice = (LINES + SLICES - 1u) / SLICES;
  var sum = array<array<array<vec4<f32>, CHUNKS>, 4>, ROW_CHUNKS>();
  for (var line = slice * per_slice; line < min(LINES, (slice + 1u) * per_slice); line++) {
    let t = i32(line / OH % OT) * ST + shift.x;
    let h = i32(line % OH) * SH + shift.y;
    if (t >= 0 && t < T && h >= 0 && h < H) {
      let clip = i32(line / (OH * OT)) * T;
      var x_at = u32(((clip + t) * H + h) * W + low * SW + shift.z) * in4 + row;
      var gradient_at = (line * u32(OW) + u32(low)) * out4 + column;
      for (var w = low; w < high; w++) {
        var right = array<vec4<f32>, CHUNKS>();
        for (var j = 0u; j < CHUNKS; j++) { // unroll
          right[j] = output_gradient[gradient_at + j];
        }
        for (var i = 0u; i < ROW_CHUNKS; i++) { // unroll
          let left = x[x_at + i];
          for (var c = 0u; c < 4u; c++) { // unroll
            for (var j = 0u; j < CHUNKS; j++) { // unroll
              sum[i][c][j] += left[c] * right[j];
            }
          }
        }
        x_at += u32(SW) * in4;
        gradient_at += out4;
      }
    }
  }
  for (var i = 0u; i < ROW_CHUNKS; i++) { // unroll
    for (var j = 0u; j < CHUNKS; j++) { // unroll
      if (row + i < in4 && column + j < out4) {
        for (var c = 0u; c < 4u; c++) { // unroll
          partial[((slice * taps + tap) * CIN + (row + i) * 4u + c) * out4 + column + j] = sum[i][c][j];
        }
      }
    }
  }
}
