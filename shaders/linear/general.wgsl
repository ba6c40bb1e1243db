// Matrix product for any shape, with the linear layer's epilogue: out [M, N] = activation(A B + b) + residual,
// where A(m, k) = left[m * LEFT_ROW + k * LEFT_DEPTH] and B(k, n) = right[k * RIGHT_DEPTH + n * RIGHT_COLUMN].
//
// The strides let one module read either operand transposed: forward, input and weight gradient. Scalar
// loads, a TILE x TILE block of outputs a thread: this is the path for dimensions that are not multiples
// of 4; the register and staged modules are faster.

override M: u32;
override K: u32;
override N: u32;
override LEFT_ROW: u32;
override LEFT_DEPTH: u32;
override RIGHT_DEPTH: u32;
override RIGHT_COLUMN: u32;
override GAIN: f32 = 1.0; // 1, except in the negative control

const FULL = 1;
const HALF = 1;
const TILE = 4u;
const BIAS = 1;
const GELU = 1;
const SAVE = 1;
const RESIDUAL = 1;
const GROUP_X = 4u;
const GROUP_Y = 4u;

@group(0) @binding(0) var<storage, read> left: array<f32>;
@group(0) @binding(1) var<storage, read> right: array<f32>; // when FULL
@group(0) @binding(2) var<storage, read> right_halves: array<u32>; // when HALF
@group(0) @binding(3) var<storage, read> bias: array<f32>; // when BIAS
@group(0) @binding(4) var<storage, read> residual: array<f32>; // when RESIDUAL
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<storage, read_write> before: array<f32>; // when SAVE

fn right_at(at: u32) -> f32 {
  var value = 0.0;
  value = right[at]; // when FULL
  value = unpack2x16float(right_halves[at / 2u])[at % 2u]; // when HALF
  return value;
}

// x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3): the tanh form without its cancellation.
fn gelu(v: f32) -> f32 {
  let doubled = 1.5957691216057308 * (v + 0.044715 * v * v * v);
  return v / (1.0 + exp(-clamp(doubled, -80.0, 80.0)));
}

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.y * TILE;
  let column = id.x * TILE;
  if (row >= M || column >= N) {
    return;
  }
  var sum = array<array<f32, TILE>, TILE>();
  for (var k = 0u; k < K; k++) {
    var a = array<f32, TILE>();
    for (var i = 0u; i < TILE; i++) { // unroll
      a[i] = left[(row + i) * LEFT_ROW + k * LEFT_DEPTH];
    }
    for (var j = 0u; j < TILE; j++) { // unroll
      let b = right_at(k * RIGHT_DEPTH + (column + j) * RIGHT_COLUMN);
      for (var i = 0u; i < TILE; i++) { // unroll
        sum[i][j] += a[i] * b;
      }
    }
  }
  for (var j = 0u; j < TILE; j++) { // unroll
    if (column + j < N) {
      var shift = 0.0;
      shift = bias[column + j]; // when BIAS
      for (var i = 0u; i < TILE; i++) { // unroll
        if (row + i < M) {
          let at = (row + i) * N + column + j;
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
