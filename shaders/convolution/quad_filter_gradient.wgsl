// Gradient of a causal 3D convolution to its filter, in SLICES partial sums, with inputs shared by four neighbouring
// threads: what register_filter_gradient.wgsl computes. Shapes as there.
//
// Four neighbours take the same 16 input channels and each 4 CHUNKS output channels of its own: each loads a quarter
// of the input's channels, and they exchange it by swaps. Positions are taken two at a time, since sums that are carried
// round a loop cost a software adapter as much as a product. A workgroup has one tap and one slice, so that all of it
// walks the same lines of the output. Channels past the last one repeat it and are not stored.

enable subgroups;

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

const CHUNKS = 2u;
const COLUMNS = 8u; // 4 CHUNKS
const GROUP = 16u;

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> output_gradient: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> partial: array<vec4<f32>>;

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let in4 = CIN / 4u;
  let out4 = COUT / 4u;
  let tiles = (out4 + 4u * CHUNKS - 1u) / (4u * CHUNKS);
  let taps = KT * KH * KW;
  let lane = local % 4u;
  let index = (group.x * GROUP + local) / 4u;
  let column = (index % tiles * 4u + lane) * CHUNKS;
  let row = index / tiles * 4u;
  let tap = group.y;
  let slice = group.z;
  let shift = vec3<i32>(vec3<u32>(tap / (KW * KH), tap / KW % KH, tap % KW))
    - vec3<i32>(vec3<u32>(KT - 1u, (KH - 1u) / 2u, (KW - 1u) / 2u));
  // Outputs w with 0 <= w SW + shift.z < W.
  let low = select(0, (SW - 1 - shift.z) / SW, shift.z < 0);
  let high = min(OW, (W - 1 - shift.z + SW) / SW);
  let per_slice = (LINES + SLICES - 1u) / SLICES;
  let own = min(row + lane, in4 - 1u);
  var column_at = array<u32, CHUNKS>();
  for (var j = 0u; j < CHUNKS; j++) { // unroll
    column_at[j] = min(column + j, out4 - 1u);
  }
  // Of channel c of neighbour lane ^ swap at 4 c + swap.
  var sum = array<array<f32, COLUMNS>, 16>();
  for (var line = slice * per_slice; line < min(LINES, (slice + 1u) * per_slice); line++) {
    let t = i32(line / OH % OT) * ST + shift.x;
    let h = i32(line % OH) * SH + shift.y;
    if (t >= 0 && t < T && h >= 0 && h < H) {
      let clip = i32(line / (OH * OT)) * T;
      var x_at = u32(((clip + t) * H + h) * W + low * SW + shift.z) * in4 + own;
      var gradient_at = (line * u32(OW) + u32(low)) * out4;
      for (var w = low; w < high; w += 2) {
        let more = w + 1 < high;
        let first = x[x_at];
        let second = select(vec4<f32>(0.0), x[x_at + u32(SW) * in4], more);
        var right = array<f32, COLUMNS>();
        var next = array<f32, COLUMNS>();
        for (var j = 0u; j < CHUNKS; j++) { // unroll
          let pulled = output_gradient[gradient_at + column_at[j]];
          right[4u * j] = pulled.x;
          right[4u * j + 1u] = pulled.y;
          right[4u * j + 2u] = pulled.z;
          right[4u * j + 3u] = pulled.w;
          let after = select(vec4<f32>(0.0), output_gradient[gradient_at + out4 + column_at[j]], more);
          next[4u * j] = after.x;
          next[4u * j + 1u] = after.y;
          next[4u * j + 2u] = after.z;
          next[4u * j + 3u] = after.w;
        }
        for (var c = 0u; c < 4u; c++) { // unroll
          let first_across = quadSwapX(first[c]);
          let first_below = quadSwapY(first[c]);
          let first_opposite = quadSwapDiagonal(first[c]);
          let second_across = quadSwapX(second[c]);
          let second_below = quadSwapY(second[c]);
          let second_opposite = quadSwapDiagonal(second[c]);
          for (var n = 0u; n < COLUMNS; n++) { // unroll
            sum[4u * c][n] += right[n] * first[c] + next[n] * second[c];
            sum[4u * c + 1u][n] += right[n] * first_across + next[n] * second_across;
            sum[4u * c + 2u][n] += right[n] * first_below + next[n] * second_below;
            sum[4u * c + 3u][n] += right[n] * first_opposite + next[n] * second_opposite;
          }
        }
        x_at += 2u * u32(SW) * in4;
        gradient_at += 2u * out4;
      }
    }
  }
  for (var i = 0u; i < 4u; i++) { // unroll
    let channels = row + (lane ^ i);
    for (var j = 0u; j < CHUNKS; j++) { // unroll
      if (channels < in4 && column + j < out4) {
        for (var c = 0u; c < 4u; c++) { // unroll
          partial[((slice * taps + tap) * CIN + channels * 4u + c) * out4 + column + j] = vec4<f32>(
            sum[4u * c + i][4u * j], sum[4u * c + i][4u * j + 1u], sum[4u * c + i][4u * j + 2u], sum[4u * c + i][4u * j + 3u]);
        }
      }
    }
  }
}
