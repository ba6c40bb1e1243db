// Attention, gradients to keys and values: dV_j = sum_i P_ij dO_i and
// dK_j = SCALE sum_i P_ij (dO_i . V_j - D_i) Q_i, with P recomputed from the log-sum-exp (`statistics`) and D
// from row_products.wgsl. Shapes as in forward.wgsl.
//
// Each thread takes ROWS keys of one head, runs over tiles of TILE query rows in order, and keeps its running
// sums in the outputs. FlashAttention, arXiv:2205.14135, appendix B.2; no atomics.

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
@group(0) @binding(6) var<storage, read_write> key_gradient: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> value_gradient: array<vec4<f32>>;

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let blocks = (KEYS + ROWS - 1u) / ROWS;
  let group = id.x / blocks;
  if (group >= GROUPS) {
    return;
  }
  let row = id.x % blocks * ROWS;
  let stride = HEADS * CHUNKS;
  let queries_at = (group / HEADS * QUERIES * HEADS + group % HEADS) * CHUNKS;
  let keys_at = (group / HEADS * KEYS * HEADS + group % HEADS) * CHUNKS;
  // Keys past the last one repeat it: they compute and store the same values.
  var key_at = array<u32, ROWS>();
  for (var j = 0u; j < ROWS; j++) { // unroll
    key_at[j] = keys_at + min(row + j, KEYS - 1u) * stride;
  }
  for (var start = 0u; start < QUERIES; start += TILE) {
    var row_at = array<u32, TILE>();
    for (var i = 0u; i < TILE; i++) { // unroll
      row_at[i] = queries_at + min(start + i, QUERIES - 1u) * stride;
    }
    var score = array<array<f32, ROWS>, TILE>();
    var change = array<array<f32, ROWS>, TILE>();
    for (var c = 0u; c < CHUNKS; c++) {
      var right = array<vec4<f32>, ROWS>();
      var content = array<vec4<f32>, ROWS>();
      for (var j = 0u; j < ROWS; j++) { // unroll
        right[j] = key[key_at[j] + c];
        content[j] = value[key_at[j] + c];
      }
      for (var i = 0u; i < TILE; i++) { // unroll
        let left = query[row_at[i] + c] * SCALE;
        let pull = output_gradient[row_at[i] + c];
        for (var j = 0u; j < ROWS; j++) { // unroll
          score[i][j] += dot(left, right[j]);
          change[i][j] += dot(pull, content[j]);
        }
      }
    }
    for (var i = 0u; i < TILE; i++) { // unroll
      let at = group * QUERIES + min(start + i, QUERIES - 1u);
      let level = statistics[at];
      let mean = products[at];
      for (var j = 0u; j < ROWS; j++) { // unroll
        let weight = select(0.0, exp(score[i][j] - level), start + i < QUERIES);
        score[i][j] = weight;
        change[i][j] = SCALE * weight * (change[i][j] - mean);
      }
    }
    for (var c = 0u; c < CHUNKS; c++) {
      var key_sum = array<vec4<f32>, ROWS>();
      var value_sum = array<vec4<f32>, ROWS>();
      if (start > 0u) {
        for (var j = 0u; j < ROWS; j++) { // unroll
          key_sum[j] = key_gradient[key_at[j] + c];
          value_sum[j] = value_gradient[key_at[j] + c];
        }
      }
      for (var i = 0u; i < TILE; i++) { // unroll
        let left = query[row_at[i] + c];
        let pull = output_gradient[row_at[i] + c];
        for (var j = 0u; j < ROWS; j++) { // unroll
          key_sum[j] += change[i][j] * left;
          value_sum[j] += score[i][j] * pull;
        }
      }
      for (var j = 0u; j < ROWS; j++) { // unroll
        key_gradient[key_at[j] + c] = key_sum[j];
        value_gradient[key_at[j] + c] = value_sum[j];
      }
    }
  }
}
