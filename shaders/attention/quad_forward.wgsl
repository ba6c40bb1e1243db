// Attention, forward, with keys and values shared by four neighbouring threads: what forward.wgsl computes. Shapes as
// there.
//
// As in the register variant each thread takes ROWS query rows of one head, and the output holds the running sums. Of a
// tile of 4 QUARTERS keys each of the four loads a quarter and hands it round, so that three of four loads go. Rows
// are padded so that four neighbours are of one head; threads past the last row take part and store nothing.

enable subgroups;

override QUERIES: u32;
override KEYS: u32;
override HEADS: u32;
override GROUPS: u32; // B * HEADS
override CHUNKS: u32; // D / 4
override SCALE: f32;

const ROWS = 4u;
const QUARTERS = 4u;
const GROUP = 16u;
const LOWEST = -1e30;

@group(0) @binding(0) var<storage, read> query: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> key: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> value: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> output: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> statistics: array<f32>;

// What each of four neighbours has, a column each.
fn around(own: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(quadBroadcast(own, 0u), quadBroadcast(own, 1u), quadBroadcast(own, 2u), quadBroadcast(own, 3u));
}

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let blocks = (QUERIES + 4u * ROWS - 1u) / (4u * ROWS) * 4u;
  let group = min(id.x / blocks, GROUPS - 1u);
  let row = id.x % blocks * ROWS;
  let stores = id.x / blocks < GROUPS && row < QUERIES;
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
  for (var start = 0u; start < KEYS; start += 4u * QUARTERS) {
    var key_at = array<u32, QUARTERS>();
    for (var q = 0u; q < QUARTERS; q++) { // unroll
      key_at[q] = keys_at + min(start + 4u * q + local % 4u, KEYS - 1u) * stride;
    }
    var score = array<array<vec4<f32>, QUARTERS>, ROWS>();
    for (var c = 0u; c < CHUNKS; c++) {
      var left = array<vec4<f32>, ROWS>();
      for (var i = 0u; i < ROWS; i++) { // unroll
        left[i] = query[row_at[i] + c] * SCALE;
      }
      for (var q = 0u; q < QUARTERS; q++) { // unroll
        let right = around(key[key_at[q] + c]);
        for (var i = 0u; i < ROWS; i++) { // unroll
          score[i][q] += left[i] * right;
        }
      }
    }
    var shrink = array<f32, ROWS>();
    for (var i = 0u; i < ROWS; i++) { // unroll
      var largest = vec4<f32>(top[i]);
      for (var q = 0u; q < QUARTERS; q++) { // unroll
        let at = vec4<u32>(start + 4u * q) + vec4<u32>(0u, 1u, 2u, 3u);
        score[i][q] = select(vec4<f32>(LOWEST), score[i][q], at < vec4<u32>(KEYS));
        largest = max(largest, score[i][q]);
      }
      let now = max(max(largest.x, largest.y), max(largest.z, largest.w));
      shrink[i] = exp(top[i] - now);
      top[i] = now;
      var sum = vec4<f32>(0.0);
      for (var q = 0u; q < QUARTERS; q++) { // unroll
        score[i][q] = exp(score[i][q] - now);
        sum += score[i][q];
      }
      total[i] = total[i] * shrink[i] + dot(sum, vec4<f32>(1.0));
    }
    for (var c = 0u; c < CHUNKS; c++) {
      var sum = array<vec4<f32>, ROWS>();
      if (start > 0u) {
        for (var i = 0u; i < ROWS; i++) { // unroll
          sum[i] = output[row_at[i] + c] * shrink[i];
        }
      }
      for (var q = 0u; q < QUARTERS; q++) { // unroll
        let right = around(value[key_at[q] + c]);
        for (var i = 0u; i < ROWS; i++) { // unroll
          sum[i] += right * score[i][q];
        }
      }
      if (stores) {
        for (var i = 0u; i < ROWS; i++) { // unroll
          output[row_at[i] + c] = sum[i];
        }
      }
    }
  }
  if (!stores) {
    return;
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
