// Gradient of a causal 3D convolution to its input: dx [B, T, H, W, CIN] from dy [B, OT, OH, OW, COUT] and
// the filter [KT, KH, KW, CIN, COUT]. CIN and COUT are multiples of 4. See register_forward.wgsl.
//
// Input p was read by output (p + pad - k) / stride for every tap k where that is whole and exists. Rows are
// the POSITIONS = B T H W inputs; the sum runs over taps and COUT, along which both operands are contiguous.

override POSITIONS: u32;
override T: u32;
override H: u32;
override W: u32;
override CIN: u32;
override OT: i32;
override OH: i32;
override OW: i32;
override COUT: u32;
override KT: i32;
override KH: i32;
override KW: i32;
override ST: i32;
override SH: i32;
override SW: i32;

const ROWS = 8u;
const CHUNKS = 2u;
const GROUP = 16u;

@group(0) @binding(0) var<storage, read> output_gradient: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> filters: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> input_gradient: array<vec4<f32>>;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let in4 = CIN / 4u;
  let out4 = COUT / 4u;
  let tiles = (in4 + CHUNKS - 1u) / CHUNKS;
  let index = (group.y * groups.x + group.x) * GROUP + local;
  let row = index / tiles * ROWS;
  let column = index % tiles * CHUNKS;
  if (row >= POSITIONS) {
    return;
  }
  var last = array<vec3<i32>, ROWS>();
  var clip = array<i32, ROWS>();
  for (var i = 0u; i < ROWS; i++) { // unroll
    let position = min(row + i, POSITIONS - 1u);
    let at = vec3<u32>(position / (W * H) % T, position / W % H, position % W);
    last[i] = vec3<i32>(at) + vec3<i32>(KT - 1, (KH - 1) / 2, (KW - 1) / 2);
    clip[i] = i32(position / (W * H * T)) * OT;
  }
  let stride = vec3<i32>(ST, SH, SW);
  var sum = array<array<vec4<f32>, CHUNKS>, ROWS>();
  var weights_at = column * COUT;
  for (var kt = 0; kt < KT; kt++) {
    for (var kh = 0; kh < KH; kh++) {
      for (var kw = 0; kw < KW; kw++) {
        var inside = array<bool, ROWS>();
        var gradient_at = array<u32, ROWS>();
        for (var i = 0u; i < ROWS; i++) { // unroll
          let offset = last[i] - vec3<i32>(kt, kh, kw);
          let at = offset / stride;
          inside[i] = all(offset >= vec3<i32>(0)) && all(at * stride == offset) && all(at < vec3<i32>(OT, OH, OW));
          gradient_at[i] = select(0u, u32(((clip[i] + at.x) * OH + at.y) * OW + at.z) * out4, inside[i]);
        }
        for (var c = 0u; c < out4; c++) {
          var left = array<vec4<f32>, ROWS>();
          for (var i = 0u; i < ROWS; i++) { // unroll
            left[i] = select(vec4<f32>(0.0), output_gradient[gradient_at[i] + c], inside[i]);
          }
          for (var j = 0u; j < CHUNKS; j++) { // unroll
            for (var k = 0u; k < 4u; k++) { // unroll
              let right = filters[weights_at + (j * 4u + k) * out4 + c];
              for (var i = 0u; i < ROWS; i++) { // unroll
                sum[i][j][k] += dot(left[i], right);
              }
            }
          }
        }
        weights_at += CIN * out4;
      }
    }
  }
  for (var i = 0u; i < ROWS; i++) { // unroll
    for (var j = 0u; j < CHUNKS; j++) { // unroll
      if (row + i < POSITIONS && column + j < in4) {
        input_gradient[(row + i) * in4 + column + j] = sum[i][j];
      }
    }
  }
}
