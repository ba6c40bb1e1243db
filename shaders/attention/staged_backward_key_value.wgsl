// Attention, gradients to keys and values, with queries and output gradients staged through workgroup memory:
// what backward_key_value.wgsl computes, laid out for GPUs. The head width 4 CHUNKS is fixed in the module, at
// most 64.
//
// A workgroup takes THREADS keys of one head. The key and both sums live in registers; the value is kept in workgroup
// memory too, because four arrays of 64 numbers would not fit. PARTS threads share a key's queries, where keys are too few
// to fill a GPU.

override QUERIES: u32;
override KEYS: u32;
override HEADS: u32;
override SCALE: f32;

const CHUNKS = 16u;
const THREADS = 32u;
const TILE = 8u;
const PARTS = 1u;
const GROUP = THREADS * PARTS;
const EXCHANGED = select(1u, GROUP, PARTS > 1u);

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
var<workgroup> exchange: array<vec4<f32>, EXCHANGED>;

@compute @workgroup_size(THREADS, PARTS)
fn main(
  @builtin(workgroup_id) block: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let group = block.y;
  let row = block.x * THREADS + local.x;
  let part = local.y;
  let stride = HEADS * CHUNKS;
  let queries_at = (group / HEADS * QUERIES * HEADS + group % HEADS) * CHUNKS;
  let key_at = (group / HEADS * KEYS * HEADS + group % HEADS) * CHUNKS + min(row, KEYS - 1u) * stride;
  var right = array<vec4<f32>, CHUNKS>();
  var key_sum = array<vec4<f32>, CHUNKS>();
  var value_sum = array<vec4<f32>, CHUNKS>();
  for (var c = 0u; c < CHUNKS; c++) { // unroll
    right[c] = key[key_at + c];
    content[c * THREADS + local.x] = value[key_at + c];
  }
  for (var start = 0u; start < QUERIES; start += TILE) {
    for (var load = index; load < TILE * CHUNKS; load += GROUP) {
      let at = queries_at + min(start + load / CHUNKS, QUERIES - 1u) * stride + load % CHUNKS;
      query_tile[load] = query[at] * SCALE;
      pull_tile[load] = output_gradient[at];
    }
    workgroupBarrier();
    for (var i = part; i < TILE; i += PARTS) {
      var score = 0.0;
      var change = 0.0;
      for (var c = 0u; c < CHUNKS; c++) { // unroll
        score += dot(query_tile[i * CHUNKS + c], right[c]);
        change += dot(pull_tile[i * CHUNKS + c], content[c * THREADS + local.x]);
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
  if (PARTS > 1u) {
    for (var c = 0u; c < CHUNKS; c++) { // unroll
      exchange[index] = key_sum[c];
      workgroupBarrier();
      if (part == 0u) {
        for (var other = local.x + THREADS; other < GROUP; other += THREADS) {
          key_sum[c] += exchange[other];
        }
      }
      workgroupBarrier();
      exchange[index] = value_sum[c];
      workgroupBarrier();
      if (part == 0u) {
        for (var other = local.x + THREADS; other < GROUP; other += THREADS) {
          value_sum[c] += exchange[other];
        }
      }
      workgroupBarrier();
    }
  }
  if (row < KEYS && part == 0u) {
    for (var c = 0u; c < CHUNKS; c++) { // unroll
      key_gradient[key_at + c] = key_sum[c];
      value_gradient[key_at + c] = value_sum[c];
    }
  }
}
