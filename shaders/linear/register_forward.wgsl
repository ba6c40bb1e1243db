// Linear layer y = activation(x W + b) + residual: x [M, K], W [K, N], b [N], residual [M, N] -> y [M, N], and
// the sum before the activation, which GELU's gradient needs. K and N are multiples of 4.
//
// Each thread keeps ROWS x 4 CHUNKS outputs in registers and reads its operands from storage, without
// workgroup memory or barriers. Loads past the last row or column stay in bounds by WGSL's rules and feed
// only outputs that are not stored. Tried and lost on the software adapter: 8 x 16 and 16 x 8 tiles
// (registers spill), broadcasting x across the subgroup.

override M: u32;
override K: u32;
override N: u32;
override GAIN: f32 = 1.0; // 1, except in the negative control

const FULL = 1;
const HALF = 1;
const ROWS = 8u;
const CHUNKS = 2u;
const BIAS = 1;
const GELU = 1;
const SAVE = 1;
const RESIDUAL = 1;
const GROUP_X = 4u;
const GROUP_Y = 4u;

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
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

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let n4 = N / 4u;
  let k4 = K / 4u;
  let row = id.y * ROWS;
  let column = id.x * CHUNKS;
  if (row >= M || column >= n4) {
    return;
  }
  var sum = array<array<vec4<f32>, CHUNKS>, ROWS>();
  for (var k = 0u; k < k4; k++) {
    var left = array<vec4<f32>, ROWS>();
    for (var i = 0u; i < ROWS; i++) { // unroll
      left[i] = x[(row + i) * k4 + k];
    }
    for (var c = 0u; c < 4u; c++) { // unroll
      for (var j = 0u; j < CHUNKS; j++) { // unroll
        let right = weight_at((k * 4u + c) * n4 + column + j);
        for (var i = 0u; i < ROWS; i++) { // unroll
          sum[i][j] += left[i][c] * right;
        }
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
