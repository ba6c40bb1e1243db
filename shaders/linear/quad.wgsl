// Product of matrices with what follows it: y = activation(x W + b) + residual, x [M, K], W [K, N], b [N], residual
// [M, N] -> y [M, N], and the sum before the activation, which GELU's gradient needs. TRANSPOSED reads W as it lies in
// [N, K], for the gradient to the input. K is a multiple of 16 VECTORS, N of 4. With LOW_RANK a second product of small depth
// is added (LoRA, arXiv:2106.09685): SCALE low S, low [M, R], S like W, R a multiple of 16.
//
// For adapters that compute on the CPU, where a load costs as much as dozens of products (bounds are checked lane by
// lane), and an array that is indexed by literals alone is read in one instruction. So the matrix stands still: each thread
// keeps 16 VECTORS rows of 4 CHUNKS columns of its own in such an array and walks SLAB rows of x past it. Four neighbours share
// these: each loads a quarter of a row, and they exchange it by swaps. The array holds W in the order in which a thread sees
// what its neighbours loaded. Sums over more rows are put by in y.
// Loads past the last column stay in bounds by WGSL's rules and feed only outputs that are not stored.

enable subgroups;

override M: u32;
override K: u32;
override N: u32;
override SLAB: u32;
override R: u32 = 0u;
override SCALE: f32 = 1.0;
override GAIN: f32 = 1.0; // 1, except in the negative control

const FULL = 1;
const HALF = 1;
const VECTORS = 8u; // of four numbers that a thread loads of a row
const CHUNKS = 2u;
const COLUMNS = 8u; // 4 CHUNKS
const FORWARD = 1;
const TRANSPOSED = 0;
const BIAS = 1;
const GELU = 1;
const SAVE = 1;
const RESIDUAL = 1;
const LOW_RANK = 1;

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> weight: array<vec4<f32>>; // when FULL
@group(0) @binding(2) var<storage, read> weight_halves: array<vec2<u32>>; // when HALF
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>; // when BIAS
@group(0) @binding(4) var<storage, read> residual: array<vec4<f32>>; // when RESIDUAL
@group(0) @binding(5) var<storage, read> low: array<vec4<f32>>; // when LOW_RANK
@group(0) @binding(6) var<storage, read> second: array<vec4<f32>>; // when LOW_RANK
@group(0) @binding(7) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> before: array<vec4<f32>>; // when SAVE

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

// begin LOW_RANK
// Rows k .. k + 3 of S in four columns.
fn second_block(k: u32, column: u32) -> mat4x4<f32> {
  let n4 = N / 4u;
  let r4 = R / 4u;
  var block = mat4x4<f32>();
  var at = 4u * k * n4 + column;
  block = mat4x4<f32>(second[at], second[at + n4], second[at + 2u * n4], second[at + 3u * n4]); // when FORWARD
  at = 4u * column * r4 + k;
  block = transpose(mat4x4<f32>(second[at], second[at + r4], second[at + 2u * r4], second[at + 3u * r4])); // when TRANSPOSED
  return block;
}

// As main does with W, sixteen deep.
fn add_low_rank(column: u32, first: u32, end: u32, lane: u32) {
  let r4 = R / 4u;
  let n4 = N / 4u;
  var right = array<f32, 16u * COLUMNS>();
  for (var depth = 0u; depth < r4; depth += 4u) {
    for (var swap = 0u; swap < 4u; swap++) {
      for (var j = 0u; j < CHUNKS; j++) { // unroll
        let block = second_block(depth + (lane ^ swap), column + j);
        for (var c = 0u; c < 4u; c++) { // unroll
          let to = (4u * c + swap) * COLUMNS + 4u * j;
          right[to] = block[c].x;
          right[to + 1u] = block[c].y;
          right[to + 2u] = block[c].z;
          right[to + 3u] = block[c].w;
        }
      }
    }
    for (var row = first; row < end; row++) {
      let left = low[row * r4 + depth + lane];
      var sum = array<f32, COLUMNS>();
      for (var c = 0u; c < 4u; c++) { // unroll
        let own = left[c];
        let across = quadSwapX(own);
        let below = quadSwapY(own);
        let opposite = quadSwapDiagonal(own);
        for (var n = 0u; n < COLUMNS; n++) { // unroll
          sum[n] += right[4u * c * COLUMNS + n] * own;
          sum[n] += right[(4u * c + 1u) * COLUMNS + n] * across;
          sum[n] += right[(4u * c + 2u) * COLUMNS + n] * below;
          sum[n] += right[(4u * c + 3u) * COLUMNS + n] * opposite;
        }
      }
      for (var j = 0u; j < CHUNKS; j++) { // unroll
        if (column + j < n4) {
          y[row * n4 + column + j] += SCALE * vec4<f32>(sum[4u * j], sum[4u * j + 1u], sum[4u * j + 2u], sum[4u * j + 3u]);
        }
      }
    }
  }
}
// end LOW_RANK

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let k4 = K / 4u;
  let n4 = N / 4u;
  let column = (group.x * 4u + lane) * CHUNKS;
  let first = group.y * SLAB;
  let end = min(M, first + SLAB);
  var right = array<f32, 16u * VECTORS * COLUMNS>();
  for (var depth = 0u; depth < k4; depth += 4u * VECTORS) {
    for (var at = 0u; at < 4u * VECTORS; at++) {
      // What neighbour lane ^ swap loads as its vector of sixteen numbers of a row.
      let vector = at / 4u;
      let swap = at % 4u;
      for (var j = 0u; j < CHUNKS; j++) { // unroll
        var block = mat4x4<f32>();
        block = forward_block(depth + 4u * vector + (lane ^ swap), column + j); // when FORWARD
        block = transposed_block(depth + 4u * vector + (lane ^ swap), column + j); // when TRANSPOSED
        for (var c = 0u; c < 4u; c++) { // unroll
          let to = ((4u * vector + c) * 4u + swap) * COLUMNS + 4u * j;
          right[to] = block[c].x;
          right[to + 1u] = block[c].y;
          right[to + 2u] = block[c].z;
          right[to + 3u] = block[c].w;
        }
      }
    }
    for (var row = first; row < end; row++) {
      let left_at = row * k4 + depth + lane;
      let y_at = row * n4 + column;
      var left = array<vec4<f32>, VECTORS>();
      for (var v = 0u; v < VECTORS; v++) { // unroll
        left[v] = x[left_at + 4u * v];
      }
      var sum = array<f32, COLUMNS>();
      if (depth > 0u) {
        for (var j = 0u; j < CHUNKS; j++) { // unroll
          let part = y[y_at + j];
          sum[4u * j] = part.x;
          sum[4u * j + 1u] = part.y;
          sum[4u * j + 2u] = part.z;
          sum[4u * j + 3u] = part.w;
        }
      }
      for (var v = 0u; v < VECTORS; v++) { // unroll
        for (var c = 0u; c < 4u; c++) { // unroll
          let own = left[v][c];
          let across = quadSwapX(own);
          let below = quadSwapY(own);
          let opposite = quadSwapDiagonal(own);
          for (var n = 0u; n < COLUMNS; n++) { // unroll
            sum[n] += right[(16u * v + 4u * c) * COLUMNS + n] * own;
            sum[n] += right[(16u * v + 4u * c + 1u) * COLUMNS + n] * across;
            sum[n] += right[(16u * v + 4u * c + 2u) * COLUMNS + n] * below;
            sum[n] += right[(16u * v + 4u * c + 3u) * COLUMNS + n] * opposite;
          }
        }
      }
      for (var j = 0u; j < CHUNKS; j++) { // unroll
        if (column + j < n4) {
          var value = vec4<f32>(sum[4u * j], sum[4u * j + 1u], sum[4u * j + 2u], sum[4u * j + 3u]);
          if (depth + 4u * VECTORS == k4) {
            value *= GAIN;
            value += bias[column + j]; // when BIAS
            before[y_at + j] = value; // when SAVE
            value = gelu(value); // when GELU
            value += residual[y_at + j]; // when RESIDUAL
          }
          y[y_at + j] = value;
        }
      }
    }
  }
  add_low_rank(column, first, end, lane); // when LOW_RANK
}
