// Attention, gradients to keys and values, with queries and output gradients staged through workgroup memory:
// what backward_key_value.wgsl computes, laid out for GPUs. The head width 4 CHUNKS is fixed in the module, at
// most 64.
//
// A workgroup takes THREADS keys of one head, one a thread. The key and both sums live in registers; the
// thread's value is kept in workgroup memory too, because four arrays of 64 numbers would not fit.

override QUERIES: u32;
override KEYS: u32;
override HEADS: u32;
override SCALE: f32;

const CHUNKS = 16u;
const THREADS = 32u;
const TILE = 8u;

@group(0) @binding(0) var<storage, read> query: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> key: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> value: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> output_gradient: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> statistics: array<f32>;
@group(0) @binding(5) var<storage, read> products: array<f32>;
@group(0) @binding(6) var<storage, read_write> key_gradient: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> value_gradient: array<vec4<f32>>;

var<workgroup> query_tile: array<vec4<f32>, TILE * CHUNKS>;
var<workgroup> pull_tile: array<vec4<f32>, TILE * CHUNKS>;
var<workgroup> content: array<vec4<f32>, THREADS * CHUNKS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) block: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = block.y;
  let row = block.x * THREADS + local;
  let stride = HEADS * CHUNKS;
  let queries_at = (group / HEADS * QUERIES * HEADS + group % HEADS) * CHUNKS;
  let key_at = (group / HEADS * KEYS * HEADS + group % HEADS) * CHUNKS + min(row, KEYS - 1u) * stride;
  var right = array<vec4<f32>, CHUNKS>();
  var key_sum = array<vec4<f32>, CHUNKS>();
  var value_sum = array<vec4<f32>, CHUNKS>();
  for (var c = 0u; c < CHUNKS; c++) { // unroll
    right[c] = key[key_at + c];
    content[c * THREADS + local] = value[key_at + c];
  }
  for (var start = 0u; start < QUERIES; start += TILE) {
    for (var load = local; load < TILE * CHUNKS; load += THREADS) {
      let at = queries_at + min(start + load / CHUNKS, QUERIES - 1u) * stride + load % CHUNKS;
      query_tile[load] = query[at] * SCALE;
      pull_tile[load] = output_gradient[at];
    }
    workgroupBarrier();
    for (var i = 0u; i < TILE; i++) {
      var score = 0.0;
      var change = 0.0;
      for (var c = 0u; c < CHUNKS; c++) { // unroll
        score += dot(query_tile[i * CHUNKS + c], right[c]);
        change += dot(pull_tile[i * CHUNKS + c], content[c * THREADS + local]);
      }
      let at = group * QUERIES + min(start + i, QUERIES - 1u);
      let weight = select(0.0, exp(score - statistics[at]), start + i < QUERIES);
      let step = weight * (change - products[at]);
      for (var c = 0u; c < CHUNKS; c++) { // unroll
        key_sum[c] += step * query_tile[i * CHUNKS + c];
        value_sum[c] += weight * pull_tile[i * CHUNKS + c];
      }
    }
    workgroupBarrier();
  }
  if (row < KEYS) {
    for (var c = 0u; c < CHUNKS; c++) { // unroll
      key_gradient[key_at + c] = key_sum[c];
      value_gradient[key_at + c] = value_sum[c];
    }
  }
}
