// Gradients of a low-rank adapter (LoRA, arXiv:2106.09685) to both its factors in one pass: dA [K, R] = x^T inner and
// dB [R, N] = SCALE down^T dY, with x [M, K], inner [M, R], down [M, R] and dY [M, N]. K and N are multiples of 4, R of 16.
//
// For adapters that compute on the CPU, where a load costs as much as dozens of products, and an array that is indexed by
// literals alone is read in one instruction. Each thread keeps 16 ranks of 16 columns (of x or dY) in such an array and
// runs over all M rows in order, so the sums' order is fixed. Four neighbours share the ranks: each loads a quarter, and
// they exchange it by swaps; ranks are kept in the order in which a thread sees what its neighbours loaded.
// Loads past the last column stay in bounds by WGSL's rules and feed only sums that are not stored.

enable subgroups;

override M: u32;
override K: u32;
override N: u32;
override R: u32;
override TILES: u32; // of 64 columns of x; those of dY follow
override SCALE: f32 = 1.0;
override GAIN: f32 = 1.0; // 1, except in the negative control

const VECTORS = 4u; // of four columns that a thread keeps
const NEIGHBOURS = 4u;

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> inner: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> down: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> output_gradient: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> a_gradient: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> b_gradient: array<vec4<f32>>;

// Sums of ranks times columns: vector v of rank c of those that neighbour lane ^ swap loaded is at (4 swap + c) 4 + v.
var<private> sum: array<vec4<f32>, 64>;

fn add_row(ranks: vec4<f32>, columns: array<vec4<f32>, VECTORS>) {
  for (var c = 0u; c < 4u; c++) { // unroll
    let own = ranks[c];
    let across = quadSwapX(own);
    let below = quadSwapY(own);
    let opposite = quadSwapDiagonal(own);
    for (var v = 0u; v < VECTORS; v++) { // unroll
      sum[4u * c + v] += own * columns[v];
      sum[16u + 4u * c + v] += across * columns[v];
      sum[32u + 4u * c + v] += below * columns[v];
      sum[48u + 4u * c + v] += opposite * columns[v];
    }
  }
}

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let k4 = K / 4u;
  let n4 = N / 4u;
  let r4 = R / 4u;
  let of_x = group.x < TILES;
  let column = ((group.x - select(TILES, 0u, of_x)) * 4u + lane) * VECTORS;
  let rank = group.y * 4u; // of four
  // Two loops, one of which has no turns: a processor takes both sides of a branch.
  for (var m = 0u; m < select(0u, M, of_x); m++) {
    var columns = array<vec4<f32>, VECTORS>();
    for (var v = 0u; v < VECTORS; v++) { // unroll
      columns[v] = x[m * k4 + column + v];
    }
    add_row(inner[m * r4 + rank + lane], columns);
  }
  for (var m = 0u; m < select(M, 0u, of_x); m++) {
    var columns = array<vec4<f32>, VECTORS>();
    for (var v = 0u; v < VECTORS; v++) { // unroll
      columns[v] = output_gradient[m * n4 + column + v];
    }
    add_row(down[m * r4 + rank + lane], columns);
  }
  for (var swap = 0u; swap < NEIGHBOURS; swap++) { // unroll
    let four = rank + (lane ^ swap);
    for (var v = 0u; v < VECTORS; v++) { // unroll
      let of_ranks = mat4x4<f32>(
        sum[16u * swap + v], sum[16u * swap + 4u + v], sum[16u * swap + 8u + v], sum[16u * swap + 12u + v]);
      if (of_x && column + v < k4) {
        let of_columns = transpose(of_ranks);
        for (var c = 0u; c < 4u; c++) { // unroll
          a_gradient[(4u * (column + v) + c) * r4 + four] = GAIN * of_columns[c];
        }
      }
      if (!of_x && column + v < n4) {
        for (var c = 0u; c < 4u; c++) { // unroll
          b_gradient[(4u * four + c) * n4 + column + v] = SCALE * GAIN * of_ranks[c];
        }
      }
    }
  }
}
