// Attention, forward: output = softmax(SCALE q k^T) v per batch and head, and the log-sum-exp of each row of
// scores. query [B, QUERIES, HEADS, 4 CHUNKS], key and value [B, KEYS, HEADS, 4 CHUNKS] -> output as query,
// statistics [B, HEADS, QUERIES].
//
// Online softmax (Milakov and Gimelshein, arXiv:1805.02867) over tiles of keys, as in FlashAttention
// (arXiv:2205.14135): no matrix of scores in memory. Each thread takes ROWS query rows of one head and keeps
// a ROWS x TILE block of scores in registers; the output itself holds the running sums, so neither code nor
// registers grow with the head width. No workgroup memory, no barriers. Tried on the software adapter:
// queries and sums in registers, unrolled over the width: no faster, and 3 to 10 times longer to compile.

override QUERIES: u32;
override KEYS: u32;
override HEADS: u32;
override GROUPS: u32; // B * HEADS
override CHUNKS: u32; // D / 4
override SCALE: f32;

const ROWS = 4u;
const TILE = 8u;
const GROUP = 16u;
const LOWEST = -1e30;

@group(0) @binding(0) var<storage, read> query: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> key: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> value: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> output: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> statistics: array<f32>;

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
  var top = array<f32, ROWS>();
  var total = array<f32, ROWS>();
  for (var i = 0u; i < ROWS; i++) { // unroll
    row_at[i] = queries_at + min(row + i, QUERIES - 1u) * stride;
    top[i] = LOWEST;
  }
  for (var start = 0u; start < KEYS; start += TILE) {
    var key_at = array<u32, TILE>();
    for (var j = 0u; j < TILE; j++) { // unroll
      key_at[j] = keys_at + min(start + j, KEYS - 1u) * stride;
    }
    var score = array<array<f32, TILE>, ROWS>();
    for (var c = 0u; c < CHUNKS; c++) {
      var left = array<vec4<f32>, ROWS>();
      for (var i = 0u; i < ROWS; i++) { // unroll
        left[i] = query[row_at[i] + c] * SCALE;
      }
      for (var j = 0u; j < TILE; j++) { // unroll
        let right = key[key_at[j] + c];
        for (var i = 0u; i < ROWS; i++) { // unroll
          score[i][j] += dot(left[i], right);
        }
      }
    }
    var shrink = array<f32, ROWS>();
    for (var i = 0u; i < ROWS; i++) { // unroll
      var largest = top[i];
      for (var j = 0u; j < TILE; j++) { // unroll
        score[i][j] = select(LOWEST, score[i][j], start + j < KEYS);
        largest = max(largest, score[i][j]);
      }
      shrink[i] = exp(top[i] - largest);
      top[i] = largest;
      var sum = 0.0;
      for (var j = 0u; j < TILE; j++) { // unroll
        score[i][j] = exp(score[i][j] - largest);
        sum += score[i][j];
      }
      total[i] = total[i] * shrink[i] + sum;
    }
    for (var c = 0u; c < CHUNKS; c++) {
      var sum = array<vec4<f32>, ROWS>();
      if (start > 0u) {
        for (var i = 0u; i < ROWS; i++) { // unroll
          sum[i] = output[row_at[i] + c] * shrink[i];
        }
      }
      for (var j = 0u; j < TILE; j++) { // unroll
        let right = value[key_at[j] + c];
        for (var i = 0u; i < ROWS; i++) { // unroll
          sum[i] += score[i][j] * right;
        }
      }
      for (var i = 0u; i < ROWS; i++) { // unroll
        output[row_at[i] + c] = sum[i];
      }
    }
  }
  for (var i = 0u; i < ROWS; i++) { // unroll
    if (row + i < QUERIES) {
      for (var c = 0u; c < CHUNKS; c++) {
        output[row_at[i] + c] = output[row_at[i] + c] / total[i];
      }
      statistics[group * QUERIES + row + i] = top[i] + log(total[i]);
    }
  }
}
