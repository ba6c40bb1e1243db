// Gradient of a linear layer to its input: dX [M, K] = dY [M, N] W^T + residual, with W [K, N] read as it lies.
// K and N are multiples of 4.
//
// Each thread keeps ROWS x 4 CHUNKS outputs in registers; both operands are contiguous along N, so every
// step is a dot product of vec4.

override M: u32;
override K: u32;
override N: u32;
override GAIN: f32 = 1.0; // 1, except in the negative control

const FULL = 1;
const HALF = 1;
const ROWS = 8u;
const CHUNKS = 2u;
const RESIDUAL = 1;
const GROUP_X = 4u;
const GROUP_Y = 4u;

@group(0) @binding(0) var<storage, read> output_gradient: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> weight: array<vec4<f32>>; // when FULL
@group(0) @binding(2) var<storage, read> weight_halves: array<vec2<u32>>; // when HALF
@group(0) @binding(3) var<storage, read> residual: array<vec4<f32>>; // when RESIDUAL
@group(0) @binding(4) var<storage, read_write> input_gradient: array<vec4<f32>>;

fn weight_at(at: u32) -> vec4<f32> {
  var value = vec4<f32>();
  value = weight[at]; // when FULL
  value = vec4<f32>(unpack2x16float(weight_halves[at].x), unpack2x16float(weight_halves[at].y)); // when HALF
  return value;
}

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let n4 = N / 4u;
  let k4 = K / 4u;
  let row = id.y * ROWS;
  let column = id.x * CHUNKS;
  if (row >= M || column >= k4) {
    return;
  }
  var sum = array<array<vec4<f32>, CHUNKS>, ROWS>();
  for (var n = 0u; n < n4; n++) {
    var left = array<vec4<f32>, ROWS>();
    for (var i = 0u; i < ROWS; i++) { // unroll
      left[i] = output_gradient[(row + i) * n4 + n];
    }
    for (var j = 0u; j < CHUNKS; j++) { // unroll
      for (var c = 0u; c < 4u; c++) { // unroll
        let right = weight_at(((column + j) * 4u + c) * n4 + n);
        for (var i = 0u; i < ROWS; i++) { // unroll
          sum[i][j][c] += dot(left[i], right);
        }
      }
    }
  }
  for (var i = 0u; i < ROWS; i++) { // unroll
    for (var j = 0u; j < CHUNKS; j++) { // unroll
      if (row + i < M && column + j < k4) {
        let at = (row + i) * k4 + column + j;
        var value = sum[i][j] * GAIN;
        value += residual[at]; // when RESIDUAL
        input_gradient[at] = value;
      }
    }
  }
}
