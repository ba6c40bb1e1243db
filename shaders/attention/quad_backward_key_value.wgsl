// Attention, gradients to keys and values, with queries and output gradients shared by four neighbouring threads: what
// backward_key_value.wgsl computes; shared and padded as in quad_forward.wgsl, with keys in the place of queries.
//
// The gradients of the scores are kept as well, [B, HEADS, KEYS, QUERIES rounded up to whole tiles]: the gradient to
// the queries (quad_query_from_steps.wgsl) then needs one product instead of three. Threads past the last key store
// what its own thread does; a branch around each store would take long to compile.

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
@group(0) @binding(6) var<storage, read_write> key_gradient: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> value_gradient: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> steps: array<vec4<f32>>;

// What each of four neighbours has, a column each.
fn around(own: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(quadBroadcast(own, 0u), quadBroadcast(own, 1u), quadBroadcast(own, 2u), quadBroadcast(own, 3u));
}

fn numbers_around(own: f32) -> vec4<f32> {
  return vec4<f32>(quadBroadcast(own, 0u), quadBroadcast(own, 1u), quadBroadcast(own, 2u), quadBroadcast(own, 3u));
}

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let blocks = (KEYS + 4u * ROWS - 1u) / (4u * ROWS) * 4u;
  let group = min(id.x / blocks, GROUPS - 1u);
  let row = id.x % blocks * ROWS;
  let stores = id.x / blocks < GROUPS && row < KEYS;
  let stride = HEADS * CHUNKS;
  let queries_at = (group / HEADS * QUERIES * HEADS + group % HEADS) * CHUNKS;
  let keys_at = (group / HEADS * KEYS * HEADS + group % HEADS) * CHUNKS;
  let kept = (QUERIES + 4u * QUARTERS - 1u) / (4u * QUARTERS) * QUARTERS;
  // Keys past the last one repeat it: they compute and store the same values.
  var key_at = array<u32, ROWS>();
  var steps_at = array<u32, ROWS>();
  for (var j = 0u; j < ROWS; j++) { // unroll
    let at = min(row + j, KEYS - 1u);
    key_at[j] = keys_at + at * stride;
    steps_at[j] = (group * KEYS + at) * kept;
  }
  for (var start = 0u; start < QUERIES; start += 4u * QUARTERS) {
    var own = array<u32, QUARTERS>();
    for (var q = 0u; q < QUARTERS; q++) { // unroll
      own[q] = min(start + 4u * q + local % 4u, QUERIES - 1u);
    }
    var score = array<array<vec4<f32>, QUARTERS>, ROWS>();
    var change = array<array<vec4<f32>, QUARTERS>, ROWS>();
    for (var c = 0u; c < CHUNKS; c++) {
      var right = array<vec4<f32>, ROWS>();
      var content = array<vec4<f32>, ROWS>();
      for (var j = 0u; j < ROWS; j++) { // unroll
        right[j] = key[key_at[j] + c] * SCALE;
        content[j] = value[key_at[j] + c];
      }
      for (var q = 0u; q < QUARTERS; q++) { // unroll
        let left = around(query[queries_at + own[q] * stride + c]);
        let pull = around(output_gradient[queries_at + own[q] * stride + c]);
        for (var j = 0u; j < ROWS; j++) { // unroll
          score[j][q] += right[j] * left;
          change[j][q] += content[j] * pull;
        }
      }
    }
    for (var q = 0u; q < QUARTERS; q++) { // unroll
      let at = vec4<u32>(start + 4u * q) + vec4<u32>(0u, 1u, 2u, 3u);
      let level = numbers_around(statistics[group * QUERIES + own[q]]);
      let mean = numbers_around(products[group * QUERIES + own[q]]);
      for (var j = 0u; j < ROWS; j++) { // unroll
        let weight = select(vec4<f32>(0.0), exp(score[j][q] - level), at < vec4<u32>(QUERIES));
        score[j][q] = weight;
        change[j][q] = SCALE * weight * (change[j][q] - mean);
        steps[steps_at[j] + start / 4u + q] = change[j][q];
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
      for (var q = 0u; q < QUARTERS; q++) { // unroll
        let left = around(query[queries_at + own[q] * stride + c]);
        let pull = around(output_gradient[queries_at + own[q] * stride + c]);
        for (var j = 0u; j < ROWS; j++) { // unroll
          key_sum[j] += left * change[j][q];
          value_sum[j] += pull * score[j][q];
        }
      }
      if (stores) {
        for (var j = 0u; j < ROWS; j++) { // unroll
          key_gradient[key_at[j] + c] = key_sum[j];
          value_gradient[key_at[j] + c] = value_sum[j];
        }
      }
    }
  }
}
