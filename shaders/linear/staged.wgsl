// Matrix product with tiles staged through workgroup memory, with the linear layer's epilogue:
// out [M, N] = activation(A B + b) + residual. A is left [M, K], or left [K, M] read transposed; B is right [K, N], or
// right [N, K] read transposed: forward, input and weight gradient. The contiguous dimension of every
// operand and N are multiples of 4.
//
// A workgroup of THREADS x THREADS computes a (4 THREADS)^2 tile of outputs, 4 x 4 a thread, in steps along K. Both tiles
// lie in workgroup memory with K slowest, so a thread reads 4 neighbours of each. PARTS times as many threads share a
// step, DEPTH of K each, where outputs are too few to fill a GPU (split-K inside a workgroup); PARTS is 1, 2 or 4.

override M: u32;
override K: u32;
override N: u32;
override LEFT_TRANSPOSED: bool = false;
override RIGHT_TRANSPOSED: bool = false;
override GAIN: f32 = 1.0; // 1, except in the negative control

const FULL = 1;
const HALF = 1;
const THREADS = 8u;
const DEPTH = 16u;
const PARTS = 1u;
const BIAS = 1;
const GELU = 1;
const SAVE = 1;
const RESIDUAL = 1;
const TILE = 4u * THREADS;
const GROUP = THREADS * THREADS * PARTS;
const STEP = DEPTH * PARTS;
const LOADS = STEP * TILE / 4u;
const EXCHANGED = select(1u, GROUP, PARTS > 1u);

@group(0) @binding(0) var<storage, read> left: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> right: array<vec4<f32>>; // when FULL
@group(0) @binding(2) var<storage, read> right_halves: array<vec2<u32>>; // when HALF
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>; // when BIAS
@group(0) @binding(4) var<storage, read> residual: array<vec4<f32>>; // when RESIDUAL
@group(0) @binding(5) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> before: array<vec4<f32>>; // when SAVE

fn right_at(at: u32) -> vec4<f32> {
  var value = vec4<f32>();
  value = right[at]; // when FULL
  value = vec4<f32>(unpack2x16float(right_halves[at].x), unpack2x16float(right_halves[at].y)); // when HALF
  return value;
}

var<workgroup> left_tile: array<f32, STEP * TILE>;
var<workgroup> right_tile: array<f32, STEP * TILE>;
var<workgroup> exchange: array<vec4<f32>, EXCHANGED>;

// x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3): the tanh form without its cancellation.
fn gelu(v: vec4<f32>) -> vec4<f32> {
  let doubled = 1.5957691216057308 * (v + 0.044715 * v * v * v);
  return v / (1.0 + exp(-clamp(doubled, vec4<f32>(-80.0), vec4<f32>(80.0))));
}

@compute @workgroup_size(THREADS, THREADS, PARTS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let row = group.y * TILE;
  let column = group.x * TILE;
  var sum = array<vec4<f32>, 4>();
  for (var start = 0u; start < K; start += STEP) {
    for (var load = index; load < LOADS; load += GROUP) {
      if (LEFT_TRANSPOSED) {
        let k = load / (TILE / 4u);
        let m = load % (TILE / 4u) * 4u;
        var value = vec4<f32>(0.0);
        if (start + k < K && row + m < M) {
          value = left[((start + k) * M + row + m) / 4u];
        }
        for (var c = 0u; c < 4u; c++) { // unroll
          left_tile[k * TILE + m + c] = value[c];
        }
      } else {
        let m = load / (STEP / 4u);
        let k = load % (STEP / 4u) * 4u;
        var value = vec4<f32>(0.0);
        if (start + k < K && row + m < M) {
          value = left[((row + m) * K + start + k) / 4u];
        }
        for (var c = 0u; c < 4u; c++) { // unroll
          left_tile[(k + c) * TILE + m] = value[c];
        }
      }
      if (RIGHT_TRANSPOSED) {
        let n = load / (STEP / 4u);
        let k = load % (STEP / 4u) * 4u;
        var value = vec4<f32>(0.0);
        if (start + k < K && column + n < N) {
          value = right_at(((column + n) * K + start + k) / 4u);
        }
        for (var c = 0u; c < 4u; c++) { // unroll
          right_tile[(k + c) * TILE + n] = value[c];
        }
      } else {
        let k = load / (TILE / 4u);
        let n = load % (TILE / 4u) * 4u;
        var value = vec4<f32>(0.0);
        if (start + k < K && column + n < N) {
          value = right_at(((start + k) * N + column + n) / 4u);
        }
        for (var c = 0u; c < 4u; c++) { // unroll
          right_tile[k * TILE + n + c] = value[c];
        }
      }
    }
    workgroupBarrier();
    for (var k = local.z * DEPTH; k < (local.z + 1u) * DEPTH; k++) {
      let at = k * TILE + local.x * 4u;
      let b = vec4<f32>(right_tile[at], right_tile[at + 1u], right_tile[at + 2u], right_tile[at + 3u]);
      for (var i = 0u; i < 4u; i++) { // unroll
        sum[i] += left_tile[k * TILE + local.y * 4u + i] * b;
      }
    }
    workgroupBarrier();
  }
  if (PARTS > 1u) {
    for (var i = 0u; i < 4u; i++) { // unroll
      exchange[index] = sum[i];
      workgroupBarrier();
      if (i % PARTS == local.z) {
        sum[i] = vec4<f32>();
        for (var other = index % (THREADS * THREADS); other < GROUP; other += THREADS * THREADS) {
          sum[i] += exchange[other];
        }
      }
      workgroupBarrier();
    }
  }
  let n = column / 4u + local.x;
  if (n < N / 4u) {
    var shift = vec4<f32>(0.0);
    shift = bias[n]; // when BIAS
    for (var i = 0u; i < 4u; i++) { // unroll
      let m = row + local.y * 4u + i;
      if (m < M && i % PARTS == local.z) {
        let at = m * (N / 4u) + n;
        var value = sum[i] * GAIN + shift;
        before[at] = value; // when SAVE
        value = gelu(value); // when GELU
        value += residual[at]; // when RESIDUAL
        y[at] = value;
      }
    }
  }
}
