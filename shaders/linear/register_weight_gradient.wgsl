// Gradient of a linear layer to its weight: dW [K, N] = x^T dY, with x [M, K] and dY [M, N] read as they lie.
// K and N are multiples of 4.
//
// Each thread keeps 4 ROW_CHUNKS x 4 CHUNKS outputs in registers and runs over all M rows in order, so the
// sum's order is fixed.

override M: u32;
override K: u32;
override N: u32;
override GAIN: f32 = 1.0; // 1, except in the negative control

const ROW_CHUNKS = 2u;
const CHUNKS = 2u;
const GROUP_X = 4u;
const GROUP_Y = 4u;

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> output_gradient: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> weight_gradient: array<vec4<f32>>;

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let n4 = N / 4u;
  let k4 = K / 4u;
  let row = id.y * ROW_CHUNKS;
  let column = id.x * CHUNKS;
  if (row >= k4 || column >= n4) {
    return;
  }
  var sum = array<array<array<vec4<f32>, CHUNKS>, 4>, ROW_CHUNKS>();
  for (var m = 0u; m < M; m++) {
    var right = array<vec4<f32>, CHUNKS>();
    for (var j = 0u; j < CHUNKS; j++) { // unroll
      right[j] = output_gradient[m * n4 + column + j];
    }
    for (var i = 0u; i < ROW_CHUNKS; i++) { // unroll
      let left = x[m * k4 + row + i];
      for (var c = 0u; c < 4u; c++) { // unroll
        for (var j = 0u; j < CHUNKS; j++) { // unroll
          sum[i][c][j] += left[c] * right[j];
        }
      }
    }
  }
  for (var i = 0u; i < ROW_CHUNKS; i++) { // unroll
    for (var j = 0u; j < CHUNKS; j++) { // unroll
      if (row + i < k4 && column + j < n4) {
        for (var c = 0u; c < 4u; c++) { // unroll
          weight_gradient[((row + i) * 4u + c) * n4 + column + j] = sum[i][c][j] * GAIN;
        }
      }
    }
  }
}
