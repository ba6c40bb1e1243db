// Attention, forward, with keys and values staged through workgroup memory: what forward.wgsl computes, laid
// out for GPUs. Shapes as there; the head width 4 CHUNKS is fixed in the module, at most 64.
//
// A workgroup takes THREADS query rows of one head; the row's query and sums live in registers. Tiles of TILE keys and
// values are read once per workgroup; scores are taken four keys at a time. PARTS threads share a row's keys, where rows
// are too few to fill a GPU, and put their softmaxes together at the end (Milakov 2018, arXiv:1805.02867, for why that
// is exact).

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
const LOWEST = -1e30;

@group(0) @binding(0) var<storage, read> query: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> key: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> value: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> output: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> statistics: array<f32>;

var<workgroup> key_tile: array<vec4<f32>, TILE * CHUNKS>;
var<workgroup> value_tile: array<vec4<f32>, TILE * CHUNKS>;
var<workgroup> tops: array<f32, EXCHANGED>;
var<workgroup> totals: array<f32, EXCHANGED>;
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
  let row_at = queries_at + min(row, QUERIES - 1u) * stride;
  var left = array<vec4<f32>, CHUNKS>();
  var sum = array<vec4<f32>, CHUNKS>();
  for (var c = 0u; c < CHUNKS; c++) { // unroll
    left[c] = query[row_at + c] * SCALE;
  }
  var top = LOWEST;
  var total = 0.0;
  for (var start = 0u; start < KEYS; start += TILE) {
    for (var load = index; load < TILE * CHUNKS; load += GROUP) {
      let at = keys_at + min(start + load / CHUNKS, KEYS - 1u) * stride + load % CHUNKS;
      key_tile[load] = key[at];
      value_tile[load] = value[at];
    }
    workgroupBarrier();
    for (var first = 4u * part; first < TILE; first += 4u * PARTS) {
      var score = vec4<f32>();
      for (var j = 0u; j < 4u; j++) { // unroll
        for (var c = 0u; c < CHUNKS; c++) { // unroll
          score[j] += dot(left[c], key_tile[(first + j) * CHUNKS + c]);
        }
        score[j] = select(LOWEST, score[j], start + first + j < KEYS);
      }
      let largest = max(top, max(max(score.x, score.y), max(score.z, score.w)));
      let shrink = exp(top - largest);
      top = largest;
      let weight = exp(score - largest);
      total = total * shrink + dot(weight, vec4<f32>(1.0));
      for (var c = 0u; c < CHUNKS; c++) { // unroll
        let at = first * CHUNKS + c;
        sum[c] = sum[c] * shrink + weight.x * value_tile[at] + weight.y * value_tile[at + CHUNKS]
          + weight.z * value_tile[at + 2u * CHUNKS] + weight.w * value_tile[at + 3u * CHUNKS];
      }
    }
    workgroupBarrier();
  }
  if (PARTS > 1u) {
    tops[index] = top;
    totals[index] = total;
    workgroupBarrier();
    var largest = top;
    for (var other = local.x; other < GROUP; other += THREADS) {
      largest = max(largest, tops[other]);
    }
    let shrink = exp(top - largest);
    top = largest;
    total = 0.0;
    for (var other = local.x; other < GROUP; other += THREADS) {
      total += totals[other] * exp(tops[other] - largest);
    }
    for (var c = 0u; c < CHUNKS; c++) { // unroll
      sum[c] *= shrink;
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
      output[row_at + c] = sum[c] / total;
    }
    statistics[group * QUERIES + row] = top + log(total);
  }
}
