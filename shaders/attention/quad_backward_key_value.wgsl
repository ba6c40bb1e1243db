// Attention, gradients to keys and values, with queries and output gradients that stand still: what
// backward_key_value.wgsl computes; kept and shared as in quad_forward.wgsl, with queries in the place of keys.
//
// The gradients of the scores are kept as well, [B, HEADS, KEYS, 4 STEPS]: the gradient to the queries
// (quad_query_from_steps.wgsl) then needs one product instead of three.

enable subgroups;

override QUERIES: u32;
override KEYS: u32;
override HEADS: u32;
override SCALE: f32;
override SLAB: u32;
override STEPS: u32;

const VECTORS = 2u;
const KEPT = 8u;
const FOURS = 2u; // KEPT / 4

@group(0) @binding(0) var<storage, read> query: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> key: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> value: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> output_gradient: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> statistics: array<f32>;
@group(0) @binding(5) var<storage, read> products: array<f32>;
@group(0) @binding(6) var<storage, read_write> key_gradient: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> value_gradient: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> steps: array<vec4<f32>>;

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
  let end = min(KEYS, first + SLAB);
  var left = array<f32, 16u * VECTORS * KEPT>();
  var pull = array<f32, 16u * VECTORS * KEPT>();
  var level = array<f32, KEPT>();
  var mean = array<f32, KEPT>();
  for (var start = 0u; start < QUERIES; start += 4u * KEPT) {
    let own = start + lane * KEPT;
    for (var t = 0u; t < KEPT; t++) {
      let row = min(own + t, QUERIES - 1u);
      level[t] = statistics[group * QUERIES + row];
      mean[t] = products[group * QUERIES + row];
      for (var at = 0u; at < 4u * VECTORS; at++) {
        // What neighbour lane ^ swap loads of a key as its vector.
        let vector = at / 4u;
        let swap = at % 4u;
        let to = (16u * vector + swap) * KEPT + t;
        let part_at = queries_at + row * stride + 4u * vector + (lane ^ swap);
        let asked = query[part_at];
        left[to] = asked.x;
        left[to + 4u * KEPT] = asked.y;
        left[to + 8u * KEPT] = asked.z;
        left[to + 12u * KEPT] = asked.w;
        let pulled = output_gradient[part_at];
        pull[to] = pulled.x;
        pull[to + 4u * KEPT] = pulled.y;
        pull[to + 8u * KEPT] = pulled.z;
        pull[to + 12u * KEPT] = pulled.w;
      }
    }
    for (var row = first; row < end; row++) {
      let row_at = keys_at + row * stride + lane;
      var right = array<vec4<f32>, VECTORS>();
      var content = array<vec4<f32>, VECTORS>();
      for (var v = 0u; v < VECTORS; v++) { // unroll
        right[v] = key[row_at + 4u * v];
        content[v] = value[row_at + 4u * v];
      }
      var weight = products_with(&left, right);
      var step = products_with(&pull, content);
      for (var t = 0u; t < KEPT; t++) { // unroll
        weight[t] = select(0.0, exp(SCALE * weight[t] - level[t]), own + t < QUERIES);
        step[t] = SCALE * weight[t] * (step[t] - mean[t]);
      }
      let steps_at = (group * KEYS + row) * STEPS + own / 4u;
      for (var t = 0u; t < FOURS; t++) { // unroll
        if (own / 4u + t < STEPS) {
          steps[steps_at + t] = vec4<f32>(step[4u * t], step[4u * t + 1u], step[4u * t + 2u], step[4u * t + 3u]);
        }
      }
      var key_sum = mixture_of(&left, step);
      var value_sum = mixture_of(&pull, weight);
      for (var v = 0u; v < VECTORS; v++) { // unroll
        if (start > 0u) {
          key_sum[v] += key_gradient[row_at + 4u * v];
          value_sum[v] += value_gradient[row_at + 4u * v];
        }
        key_gradient[row_at + 4u * v] = key_sum[v];
        value_gradient[row_at + 4u * v] = value_sum[v];
      }
    }
  }
}
