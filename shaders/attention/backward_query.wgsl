// Attention, gradient to the queries: dQ_i = SCALE sum_j P_ij (dO_i . V_j - D_i) K_j, with P recomputed from
// the log-sum-exp (`statistics`) and D from row_products.wgsl. Shapes as in forward.wgsl.
//
// Each thread takes ROWS query rows of one head, runs over tiles of TILE keys in order, and keeps its running
// sums in the output. FlashAttention, arXiv:2205.14135, appendix B.2; no atomics.

override QUERIES: u32;
override KEYS: u32;
override HEADS: u32;
override GROUPS: u32; // B * HEADS
override CHUNKS: u32; // D / 4
override SCALE: f32;

const ROWS = 4u;
const TILE = 8u;
const GROUP = 16u;

@group(0) @binding(0) var<storage, read> query: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> key: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> value: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> output_gradient: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> statistics: array<f32>;
@group(0) @binding(5) var<storage, read> products: array<f32>;
@group(0) @binding(6) var<storage, read_write> query_gradient: array<vec4<f32>>;

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let blocks = (QUERIES + ROWS - 1u) / ROWS;
  let group = id.x / blocks;
  if (group >= GROUPS) {
    return;
  }
  let row = id.x % blocks * ROWS;
  let stride = HEADS * CHUNKS;
  let queries_at = (group / HEADS * QUERIES * HEADS + group % HEADS) * CHUNKS;
  let keys_at = (group / HEADS * KEYS * HEADS + group % HEADS) * CHUNKS;
  // Rows past the last one repeat it: they compute and store the same values.
  var row_at = array<u32, ROWS>();
  var level = array<f32, ROWS>();
  var mean = array<f32, ROWS>();
  for (var i = 0u; i < ROWS; i++) { // unroll
    let at = min(row + i, QUERIES - 1u);
    row_at[i] = queries_at + at * stride;
    level[i] = statistics[group * QUERIES + at];
    mean[i] = products[group * QUERIES + at];
  }
  for (var start = 0u; start < KEYS; start += TILE) {
    var key_at = array<u32, TILE>();
    for (var j = 0u; j < TILE; j++) { // unroll
      key_at[j] = keys_at + min(start + j, KEYS - 1u) * stride;
    }
    var score = array<array<f32, TILE>, ROWS>();
    var change = array<array<f32, TILE>, ROWS>();
    for (var c = 0u; c < CHUNKS; c++) {
      var left = array<vec4<f32>, ROWS>();
      var pull = array<vec4<f32>, ROWS>();
      for (var i = 0u; i < ROWS; i++) { // unroll
        left[i] = query[row_at[i] + c] * SCALE;
        pull[i] = output_gradient[row_at[i] + c];
      }
      for (var j = 0u; j < TILE; j++) { // unroll
        let right = key[key_at[j] + c];
        let content = value[key_at[j] + c];
        for (var i = 0u; i < ROWS; i++) { // unroll
          score[i][j] += dot(left[i], right);
          change[i][j] += dot(pull[i], content);
        }
      }
    }
    for (var i = 0u; i < ROWS; i++) { // unroll
      for (var j = 0u; j < TILE; j++) { // unroll
        let step = SCALE * exp(score[i][j] - level[i]) * (change[i][j] - mean[i]);
        score[i][j] = select(0.0, step, start + j < KEYS);
      }
    }
    for (var c = 0u; c < CHUNKS; c++) {
      var sum = array<vec4<f32>, ROWS>();
      if (start > 0u) {
        for (var i = 0u; i < ROWS; i++) { // unroll
          sum[i] = query_gradient[row_at[i] + c];
        }
      }
      for (var j = 0u; j < TILE; j++) { // unroll
        let right = key[key_at[j] + c];
        for (var i = 0u; i < ROWS; i++) { // unroll
          sum[i] += score[i][j] * right;
        }
      }
      for (var i = 0u; i < ROWS; i++) { // unroll
        query_gradient[row_at[i] + c] = sum[i];
      }
    }
  }
}
