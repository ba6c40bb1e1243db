// Causal 3D convolution (FORWARD) or, for strides of 1, its gradient to the input (GRADIENT): what register_forward.wgsl
// and register_input_gradient.wgsl compute, with filters handed round among four neighbouring threads.
//
// Implicit matrix product: rows are the POSITIONS of the result, columns its channels N, and the sum runs over taps and
// the K channels of what is read. Source sizes T, H, W belong to what is read, OT, OH, OW to the result. K and N are
// multiples of 4. Each thread keeps ROWS positions x 4 CHUNKS channels in registers. Neighbours compute the same channels
// of other positions: each loads a quarter of the filter's block, so that three of four of these loads go. No workgroup
// memory, no barriers. Positions past the last one repeat it and are not stored.

enable subgroups;

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
override GAIN: f32 = 1.0; // 1, except in the negative control

const ROWS = 8u;
const CHUNKS = 6u;
const FORWARD = 1;
const GRADIENT = 0;
const BIAS = 1;
const GROUP = 16u;

@group(0) @binding(0) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> filters: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> bias: array<vec4<f32>>; // when BIAS
@group(0) @binding(3) var<storage, read_write> result: array<vec4<f32>>;

// Where a result's position begins to read, and the first frame of its clip.
fn origin_of(position: u32) -> vec4<i32> {
  let at = vec3<i32>(vec3<u32>(position / (OW * OH) % OT, position / OW % OH, position % OW));
  let padding = vec3<i32>(KT - 1, (KH - 1) / 2, (KW - 1) / 2);
  let clip = i32(position / (OW * OH * OT)) * T;
  var first = at * vec3<i32>(ST, SH, SW) - padding;
  first = at + padding; // when GRADIENT
  return vec4<i32>(first, clip);
}

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let k4 = K / 4u;
  let n4 = N / 4u;
  let tiles = (n4 + CHUNKS - 1u) / CHUNKS;
  let index = ((group.y * groups.x + group.x) * GROUP + local) / 4u;
  let lane = local % 4u;
  let row = (index / tiles * 4u + lane) * ROWS;
  let column = index % tiles * CHUNKS;
  var origin = array<vec4<i32>, ROWS>();
  for (var i = 0u; i < ROWS; i++) { // unroll
    origin[i] = origin_of(min(row + i, POSITIONS - 1u));
  }
  var sum = array<array<vec4<f32>, CHUNKS>, ROWS>();
  var tap = 0u;
  for (var kt = 0; kt < KT; kt++) {
    for (var kh = 0; kh < KH; kh++) {
      for (var kw = 0; kw < KW; kw++) {
        var inside = array<bool, ROWS>();
        var source_at = array<u32, ROWS>();
        for (var i = 0u; i < ROWS; i++) { // unroll
          var at = origin[i].xyz + vec3<i32>(kt, kh, kw);
          at = origin[i].xyz - vec3<i32>(kt, kh, kw); // when GRADIENT
          inside[i] = all(at >= vec3<i32>(0)) && all(at < vec3<i32>(T, H, W));
          source_at[i] = select(0u, u32(((origin[i].w + at.x) * H + at.y) * W + at.z) * k4, inside[i]);
        }
        for (var k = 0u; k < k4; k++) {
          var left = array<vec4<f32>, ROWS>();
          for (var i = 0u; i < ROWS; i++) { // unroll
            left[i] = select(vec4<f32>(0.0), source[source_at[i] + k], inside[i]);
          }
          for (var j = 0u; j < CHUNKS; j++) { // unroll
            // The filter's block of 4 channels that are read and 4 of the result: a row of it a thread, or a column.
            var mine_at = (tap * K + 4u * k + lane) * n4 + column + j;
            mine_at = (tap * N + 4u * (column + j) + lane) * k4 + k; // when GRADIENT
            let mine = filters[mine_at];
            let a = quadBroadcast(mine, 0u);
            let b = quadBroadcast(mine, 1u);
            let c = quadBroadcast(mine, 2u);
            let d = quadBroadcast(mine, 3u);
            for (var i = 0u; i < ROWS; i++) { // unroll
              sum[i][j] += left[i].x * a; // when FORWARD
              sum[i][j] += left[i].y * b; // when FORWARD
              sum[i][j] += left[i].z * c; // when FORWARD
              sum[i][j] += left[i].w * d; // when FORWARD
              sum[i][j] += left[i].x * vec4<f32>(a.x, b.x, c.x, d.x); // when GRADIENT
              sum[i][j] += left[i].y * vec4<f32>(a.y, b.y, c.y, d.y); // when GRADIENT
              sum[i][j] += left[i].z * vec4<f32>(a.z, b.z, c.z, d.z); // when GRADIENT
              sum[i][j] += left[i].w * vec4<f32>(a.w, b.w, c.w, d.w); // when GRADIENT
            }
          }
        }
        tap++;
      }
    }
  }
  for (var j = 0u; j < CHUNKS; j++) { // unroll
    if (column + j < n4) {
      var shift = vec4<f32>(0.0);
      shift = bias[column + j]; // when BIAS
      for (var i = 0u; i < ROWS; i++) { // unroll
        if (row + i < POSITIONS) {
          result[(row + i) * n4 + column + j] = sum[i][j] * GAIN + shift;
        }
      }
    }
  }
}
