// Attention, gradient to the queries, with keys and values staged through workgroup memory: what
// backward_query.wgsl computes, laid out for GPUs. The head width 4 CHUNKS is fixed in the module, at most 64.
//
// A workgroup takes THREADS query rows of one head; the row's query, output gradient and sums live in registers. PARTS
// threads share a row's keys, where rows are too few to fill a GPU.

override QUERIES: u32;
override KEYS: u32;
override HEADS: u32;
override SCALE: f32;

const CHUNKS = 16u;
const THREADS = 32u;
const TILE = 16u;
const PARTS = 1u;
const GROUP = THREADS * PARTS;
const EXCHANGED = select(1u, GROUP, PARTS > 1u);

@group(0) @binding(0) var<storage, read> query: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> key: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> value: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> output_gradient: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> statistics: array<f32>;
@group(0) @binding(5) var<storage, read> products: array<f32>;
@group(0) @binding(6) var<storage, read_write> query_gradient: array<vec4<f32>>;

var<workgroup> key_tile: array<vec4<f32>, TILE * CHUNKS>;
var<workgroup> value_tile: array<vec4<f32>, TILE * CHUNKS>;
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
  let keys_at = (group / HEADS * KEYS * HEADS + group % HEADS) * CHUNKS;
  let clamped = min(row, QUERIES - 1u);
  let row_at = queries_at + clamped * stride;
  var left = array<vec4<f32>, CHUNKS>();
  var pull = array<vec4<f32>, CHUNKS>();
  var sum = array<vec4<f32>, CHUNKS>();
  for (var c = 0u; c < CHUNKS; c++) { // unroll
    left[c] = query[row_at + c] * SCALE;
    pull[c] = output_gradient[row_at + c];
  }
  let level = statistics[group * QUERIES + clamped];
  let mean = products[group * QUERIES + clamped];
  for (var start = 0u; start < KEYS; start += TILE) {
    for (var load = index; load < TILE * CHUNKS; load += GROUP) {
      let at = keys_at + min(start + load / CHUNKS, KEYS - 1u) * stride + load % CHUNKS;
      key_tile[load] = key[at];
      value_tile[load] = value[at];
    }
    workgroupBarrier();
    for (var j = part; j < TILE; j += PARTS) {
      var score = 0.0;
      var change = 0.0;
      for (var c = 0u; c < CHUNKS; c++) { // unroll
        score += dot(left[c], key_tile[j * CHUNKS + c]);
        change += dot(pull[c], value_tile[j * CHUNKS + c]);
      }
      let step = select(0.0, SCALE * exp(score - level) * (change - mean), start + j < KEYS);
      for (var c = 0u; c < CHUNKS; c++) { // unroll
        sum[c] += step * key_tile[j * CHUNKS + c];
      }
    }
    workgroupBarrier();
  }
  if (PARTS > 1u) {
    for (var c = 0u; c < CHUNKS; c++) { // unroll
      exchange[index] = sum[c];
      workgroupBarrier();
      if (part == 0u) {
        for (var other = local.x + THREADS; other < GROUP; other += THREADS) {
          sum[c] += exchange[other];
        }
      }
      workgroupBarrier();
    }
  }
  if (row < QUERIES && part == 0u) {
    for (var c = 0u; c < CHUNKS; c++) { // unroll
      query_gradient[row_at + c] = sum[c];
    }
  }
}
