// Attention, forward, with keys and values that stand still: what forward.wgsl computes. Shapes as there; the head width
// is 16 VECTORS.
//
// As linear/quad.wgsl says of a matrix: each thread keeps KEPT keys of one head, and their values, in arrays that are
// indexed by literals alone, and walks a slab of queries past them. Four neighbours are of one head and share a query:
// each loads a quarter of it, and they exchange it by swaps. The arrays are in the order in which a thread sees what its
// neighbours loaded, so that four swaps also bring the sums over all four's keys to the thread that stores them. Keys
// come in blocks of 4 KEPT: between blocks the output holds the running sums, and two more arrays what softmax needs.

enable subgroups;

override QUERIES: u32;
override KEYS: u32;
override HEADS: u32;
override SCALE: f32;
override SLAB: u32;

const VECTORS = 2u;
const KEPT = 16u;
const MOST = 256u; // queries of a slab
const LOWEST = -1e30;

@group(0) @binding(0) var<storage, read> query: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> key: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> value: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> output: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> statistics: array<f32>;

// Sums of products of a row that four neighbours share, a quarter each, with every row that is kept.
fn products_with(kept: ptr<function, array<f32, 16u * VECTORS * KEPT>>, row: array<vec4<f32>, VECTORS>) -> array<f32, KEPT> {
  var sum = array<f32, KEPT>();
  for (var v = 0u; v < VECTORS; v++) { // unroll
    for (var c = 0u; c < 4u; c++) { // unroll
      let own = row[v][c];
      let across = quadSwapX(own);
      let below = quadSwapY(own);
      let opposite = quadSwapDiagonal(own);
      for (var t = 0u; t < KEPT; t++) { // unroll
        sum[t] += kept[(16u * v + 4u * c) * KEPT + t] * own;
        sum[t] += kept[(16u * v + 4u * c + 1u) * KEPT + t] * across;
        sum[t] += kept[(16u * v + 4u * c + 2u) * KEPT + t] * below;
        sum[t] += kept[(16u * v + 4u * c + 3u) * KEPT + t] * opposite;
      }
    }
  }
  return sum;
}

// A thread's quarter of the sum over the rows that all four keep, each times its share.
fn mixture_of(kept: ptr<function, array<f32, 16u * VECTORS * KEPT>>, share: array<f32, KEPT>) -> array<vec4<f32>, VECTORS> {
  var mixture = array<vec4<f32>, VECTORS>();
  for (var v = 0u; v < VECTORS; v++) { // unroll
    for (var c = 0u; c < 4u; c++) { // unroll
      var own = 0.0;
      var across = 0.0;
      var below = 0.0;
      var opposite = 0.0;
      for (var t = 0u; t < KEPT; t++) { // unroll
        own += kept[(16u * v + 4u * c) * KEPT + t] * share[t];
      }
      for (var t = 0u; t < KEPT; t++) { // unroll
        across += kept[(16u * v + 4u * c + 1u) * KEPT + t] * share[t];
      }
      for (var t = 0u; t < KEPT; t++) { // unroll
        below += kept[(16u * v + 4u * c + 2u) * KEPT + t] * share[t];
      }
      for (var t = 0u; t < KEPT; t++) { // unroll
        opposite += kept[(16u * v + 4u * c + 3u) * KEPT + t] * share[t];
      }
      mixture[v][c] = (own + quadSwapX(across)) + (quadSwapY(below) + quadSwapDiagonal(opposite));
    }
  }
  return mixture;
}

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) slab: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = slab.y; // a head of a batch
  let stride = HEADS * 4u * VECTORS;
  let queries_at = group / HEADS * QUERIES * stride + group % HEADS * 4u * VECTORS;
  let keys_at = group / HEADS * KEYS * stride + group % HEADS * 4u * VECTORS;
  let first = slab.x * SLAB;
  let end = min(QUERIES, first + SLAB);
  var right = array<f32, 16u * VECTORS * KEPT>();
  var content = array<f32, 16u * VECTORS * KEPT>();
  var tops = array<f32, MOST>();
  var totals = array<f32, MOST>();
  for (var start = 0u; start < KEYS; start += 4u * KEPT) {
    let own = start + lane * KEPT;
    for (var t = 0u; t < KEPT; t++) {
      let row_at = keys_at + min(own + t, KEYS - 1u) * stride;
      for (var at = 0u; at < 4u * VECTORS; at++) {
        // What neighbour lane ^ swap loads of a query as its vector.
        let vector = at / 4u;
        let swap = at % 4u;
        let to = (16u * vector + swap) * KEPT + t;
        let row = key[row_at + 4u * vector + (lane ^ swap)] * SCALE;
        right[to] = row.x;
        right[to + 4u * KEPT] = row.y;
        right[to + 8u * KEPT] = row.z;
        right[to + 12u * KEPT] = row.w;
        let mixed = value[row_at + 4u * vector + (lane ^ swap)];
        content[to] = mixed.x;
        content[to + 4u * KEPT] = mixed.y;
        content[to + 8u * KEPT] = mixed.z;
        content[to + 12u * KEPT] = mixed.w;
      }
    }
    for (var row = first; row < end; row++) {
      let row_at = queries_at + row * stride + lane;
      var left = array<vec4<f32>, VECTORS>();
      for (var v = 0u; v < VECTORS; v++) { // unroll
        left[v] = query[row_at + 4u * v];
      }
      var score = products_with(&right, left);
      var before = LOWEST;
      if (start > 0u) {
        before = tops[row - first];
      }
      var top = before;
      for (var t = 0u; t < KEPT; t++) { // unroll
        score[t] = select(LOWEST, score[t], own + t < KEYS);
        top = max(top, score[t]);
      }
      top = max(top, quadSwapX(top));
      top = max(top, quadSwapY(top));
      let shrink = exp(before - top);
      var total = 0.0;
      for (var t = 0u; t < KEPT; t++) { // unroll
        score[t] = exp(score[t] - top);
        total += score[t];
      }
      total += quadSwapX(total);
      total += quadSwapY(total);
      if (start > 0u) {
        total += shrink * totals[row - first];
      }
      let last = start + 4u * KEPT >= KEYS;
      if (!last) {
        tops[row - first] = top;
        totals[row - first] = total;
      } else if (lane == 0u) {
        statistics[group * QUERIES + row] = top + log(total);
      }
      var mixture = mixture_of(&content, score);
      for (var v = 0u; v < VECTORS; v++) { // unroll
        if (start > 0u) {
          mixture[v] += shrink * output[row_at + 4u * v];
        }
        if (last) {
          mixture[v] /= total;
        }
        output[row_at + 4u * v] = mixture[v];
      }
    }
  }
}
