// Attention, gradient to the queries, with keys and values shared by four neighbouring threads: what
// backward_query.wgsl computes; shared and padded as in quad_forward.wgsl.

enable subgroups;

override QUERIES: u32;
override KEYS: u32;
override HEADS: u32;
override GROUPS: u32; // B * HEADS
override CHUNKS: u32; // D / 4
override SCALE: f32;

const ROWS = 4u;
const QUARTERS = 8u;
const GROUP = 16u;

@group(0) @binding(0) var<storage, read> query: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> key: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> value: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> output_gradient: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> statistics: array<f32>;
@group(0) @binding(5) var<storage, read> products: array<f32>;
@group(0) @binding(6) var<storage, read_write> query_gradient: array<vec4<f32>>;

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
  var level = array<f32, ROWS>();
  var mean = array<f32, ROWS>();
  for (var i = 0u; i < ROWS; i++) { // unroll
    let at = min(row + i, QUERIES - 1u);
    row_at[i] = queries_at + at * stride;
    level[i] = statistics[group * QUERIES + at];
    mean[i] = products[group * QUERIES + at];
  }
  for (var start = 0u; start < KEYS; start += 4u * QUARTERS) {
    var key_at = array<u32, QUARTERS>();
    for (var q = 0u; q < QUARTERS; q++) { // unroll
      key_at[q] = keys_at + min(start + 4u * q + local % 4u, KEYS - 1u) * stride;
    }
    var score = array<array<vec4<f32>, QUARTERS>, ROWS>();
    var change = array<array<vec4<f32>, QUARTERS>, ROWS>();
    for (var c = 0u; c < CHUNKS; c++) {
      var left = array<vec4<f32>, ROWS>();
      var pull = array<vec4<f32>, ROWS>();
      for (var i = 0u; i < ROWS; i++) { // unroll
        left[i] = query[row_at[i] + c] * SCALE;
        pull[i] = output_gradient[row_at[i] + c];
      }
      for (var q = 0u; q < QUARTERS; q++) { // unroll
        let right = around(key[key_at[q] + c]);
        let content = around(value[key_at[q] + c]);
        for (var i = 0u; i < ROWS; i++) { // unroll
          score[i][q] += left[i] * right;
          change[i][q] += pull[i] * content;
        }
      }
    }
    for (var i = 0u; i < ROWS; i++) { // unroll
      for (var q = 0u; q < QUARTERS; q++) { // unroll
        let at = vec4<u32>(start + 4u * q) + vec4<u32>(0u, 1u, 2u, 3u);
        let step = SCALE * exp(score[i][q] - level[i]) * (change[i][q] - mean[i]);
        score[i][q] = select(vec4<f32>(0.0), step, at < vec4<u32>(KEYS));
      }
    }
    for (var c = 0u; c < CHUNKS; c++) {
      var sum = array<vec4<f32>, ROWS>();
      if (start > 0u) {
        for (var i = 0u; i < ROWS; i++) { // unroll
          sum[i] = query_gradient[row_at[i] + c];
        }
      }
      for (var q = 0u; q < QUARTERS; q++) { // unroll
        let right = around(key[key_at[q] + c]);
        for (var i = 0u; i < ROWS; i++) { // unroll
          sum[i] += right * score[i][q];
        }
      }
      if (stores) {
        for (var i = 0u; i < ROWS; i++) { // unroll
          query_gradient[row_at[i] + c] = sum[i];
        }
      }
    }
  }
}
