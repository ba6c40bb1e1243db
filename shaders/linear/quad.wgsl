// Product of matrices with what follows it: y = activation(x W + b) + residual, x [M, K], W [K, N], b [N], residual
// [M, N] -> y [M, N], and the sum before the activation, which GELU's gradient needs. TRANSPOSED reads W as it lies in
// [N, K], for the gradient to the input. K and N are multiples of 4.
//
// As the register variant, each thread keeps ROWS x 4 CHUNKS outputs in registers. Four neighbours share the rows: each
// loads a quarter of x and hands it round, so that three of four loads of x go. What an adapter without fast scattered
// loads gains by that, and by tiles that need fewer of them, is more than it loses by registers that spill.
// Loads past the last row or column stay in bounds by WGSL's rules and feed only outputs that are not stored.

enable subgroups;

override M: u32;
override K: u32;
override N: u32;
override GAIN: f32 = 1.0; // 1, except in the negative control

const FULL = 1;
const HALF = 1;
const ROWS = 16u;
const CHUNKS = 4u;
const FORWARD = 1;
const TRANSPOSED = 0;
const BIAS = 1;
const GELU = 1;
const SAVE = 1;
const RESIDUAL = 1;
const GROUP_Y = 4u;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<vec4<f32>>; // when FULL
@group(0) @binding(2) var<storage, read> weight_halves: array<vec2<u32>>; // when HALF
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>; // when BIAS
@group(0) @binding(4) var<storage, read> residual: array<vec4<f32>>; // when RESIDUAL
@group(0) @binding(5) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> before: array<vec4<f32>>; // when SAVE

fn weight_at(at: u32) -> vec4<f32> {
  var value = vec4<f32>();
  value = weight[at]; // when FULL
  value = vec4<f32>(unpack2x16float(weight_halves[at].x), unpack2x16float(weight_halves[at].y)); // when HALF
  return value;
}

// x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3): the tanh form without its cancellation.
fn gelu(v: vec4<f32>) -> vec4<f32> {
  let doubled = 1.5957691216057308 * (v + 0.044715 * v * v * v);
  return v / (1.0 + exp(-clamp(doubled, vec4<f32>(-80.0), vec4<f32>(80.0))));
}

// Rows k .. k + 3 of W in four columns.
fn forward_block(k: u32, column: u32) -> mat4x4<f32> {
  let n4 = N / 4u;
  let at = 4u * k * n4 + column;
  return mat4x4<f32>(weight_at(at), weight_at(at + n4), weight_at(at + 2u * n4), weight_at(at + 3u * n4));
}

fn transposed_block(k: u32, column: u32) -> mat4x4<f32> {
  let k4 = K / 4u;
  let at = 4u * column * k4 + k;
  return transpose(mat4x4<f32>(weight_at(at), weight_at(at + k4), weight_at(at + 2u * k4), weight_at(at + 3u * k4)));
}

@compute @workgroup_size(4, GROUP_Y)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let n4 = N / 4u;
  let row = id.y * ROWS;
  let column = id.x * CHUNKS;
  var sum = array<array<vec4<f32>, CHUNKS>, ROWS>();
  for (var k = 0u; k < K / 4u; k++) {
    var right = array<mat4x4<f32>, CHUNKS>();
    for (var j = 0u; j < CHUNKS; j++) { // unroll
      right[j] = forward_block(k, column + j); // when FORWARD
      right[j] = transposed_block(k, column + j); // when TRANSPOSED
    }
    for (var i = 0u; i < ROWS; i++) { // unroll
      let left = x[(row + i) * K + 4u * k + local.x];
      let left_0 = quadBroadcast(left, 0u);
      let left_1 = quadBroadcast(left, 1u);
      let left_2 = quadBroadcast(left, 2u);
      let left_3 = quadBroadcast(left, 3u);
      for (var j = 0u; j < CHUNKS; j++) { // unroll
        sum[i][j] += left_0 * right[j][0];
        sum[i][j] += left_1 * right[j][1];
        sum[i][j] += left_2 * right[j][2];
        sum[i][j] += left_3 * right[j][3];
      }
    }
  }
  for (var j = 0u; j < CHUNKS; j++) { // unroll
    if (column + j < n4) {
      var shift = vec4<f32>(0.0);
      shift = bias[column + j]; // when BIAS
      for (var i = 0u; i < ROWS; i++) { // unroll
        if (row + i < M) {
          let at = (row + i) * n4 + column + j;
          var value = sum[i][j] * GAIN + shift;
          before[at] = value; // when SAVE
          value = gelu(value); // when GELU
          value += residual[at]; // when RESIDUAL
          y[at] = value;
        }
      }
    }
  }
}
