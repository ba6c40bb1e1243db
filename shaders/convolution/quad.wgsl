// Causal 3D convolution (FORWARD) or, for strides of 1, its gradient to the input (GRADIENT): what register_forward.wgsl
// and register_input_gradient.wgsl compute, with a part of the filters that stands still.
//
// Implicit matrix product: rows are the positions of the result, columns its channels N, and the sum runs over taps and
// the K channels of what is read, in UNITS of four. Source sizes T, H, W belong to what is read, OT, OH, OW to the
// result, whose LINES of OW positions come in slabs. K and N are multiples of 4.
//
// As linear/quad.wgsl says: each thread keeps 16 VECTORS rows of 4 CHUNKS columns of its own in an array that is indexed
// by literals alone, and walks a slab of positions past it; four neighbours share a position, each loads a quarter of
// what it reads, and they exchange it by swaps. Units past the last one, and outside of the source, are zeros.

enable subgroups;

override UNITS: u32; // KT * KH * KW * K / 4
override LINES: u32; // B * OT * OH
override SLAB: u32;
override T: i32;
override H: i32;
override W: i32;
override K: u32;
override OT: u32;
override OH: u32;
override OW: u32;
override N: u32;
override KT: i32;
override KH: i32;
override KW: i32;
override ST: i32;
override SH: i32;
override SW: i32;
override GAIN: f32 = 1.0; // 1, except in the negative control

const VECTORS = 8u;
const CHUNKS = 2u;
const COLUMNS = 8u; // 4 CHUNKS
const FORWARD = 1;
const GRADIENT = 0;
const BIAS = 1;

@group(0) @binding(0) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> filters: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> bias: array<vec4<f32>>; // when BIAS
@group(0) @binding(3) var<storage, read_write> result: array<vec4<f32>>;

// Where a unit reads, from where its position begins to: frames, lines, columns, and all in vectors of the source.
fn reach_of(unit: u32) -> vec4<i32> {
  let k4 = K / 4u;
  let tap = i32(unit / k4);
  var at = vec3<i32>(tap / (KW * KH), tap / KW % KH, tap % KW);
  at = -at; // when GRADIENT
  let far = vec3<i32>(T + KT, 0, 0); // outside, whatever the position
  let vectors = ((at.x * H + at.y) * W + at.z) * i32(k4) + i32(unit % k4);
  return select(vec4<i32>(far, 0), vec4<i32>(at, vectors), unit < UNITS);
}

// Filters of a unit's four channels (rows) and four channels of the result.
fn block_of(unit: u32, column: u32) -> mat4x4<f32> {
  let k4 = K / 4u;
  let n4 = N / 4u;
  var at = 4u * unit * n4 + column;
  var step = n4;
  at = (unit / k4 * N + 4u * column) * k4 + unit % k4; // when GRADIENT
  step = k4; // when GRADIENT
  var block = mat4x4<f32>();
  if (unit < UNITS) {
    block = mat4x4<f32>(filters[at], filters[at + step], filters[at + 2u * step], filters[at + 3u * step]);
    block = transpose(block); // when GRADIENT
  }
  return block;
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let k4 = i32(K / 4u);
  let n4 = N / 4u;
  let tiles = (n4 + 4u * CHUNKS - 1u) / (4u * CHUNKS);
  let index = group.y * groups.x + group.x;
  let column = (index % tiles * 4u + lane) * CHUNKS;
  let slab = index / tiles * SLAB;
  let padding = vec3<i32>(KT - 1, (KH - 1) / 2, (KW - 1) / 2);
  var right = array<f32, 16u * VECTORS * COLUMNS>();
  for (var unit = 0u; unit < UNITS; unit += 4u * VECTORS) {
    for (var at = 0u; at < 4u * VECTORS; at++) {
      // What neighbour lane ^ swap loads as its vector of sixteen numbers.
      let vector = at / 4u;
      let swap = at % 4u;
      for (var j = 0u; j < CHUNKS; j++) { // unroll
        let block = block_of(unit + 4u * vector + (lane ^ swap), column + j);
        for (var c = 0u; c < 4u; c++) { // unroll
          let to = ((4u * vector + c) * 4u + swap) * COLUMNS + 4u * j;
          right[to] = block[c].x;
          right[to + 1u] = block[c].y;
          right[to + 2u] = block[c].z;
          right[to + 3u] = block[c].w;
        }
      }
    }
    var reach = array<vec4<i32>, VECTORS>();
    for (var v = 0u; v < VECTORS; v++) { // unroll
      reach[v] = reach_of(unit + 4u * v + lane);
    }
    for (var line = slab; line < min(LINES, slab + SLAB); line++) {
      let clip = i32(line / (OH * OT)) * T;
      let start = vec2<i32>(vec2<u32>(line / OH % OT, line % OH));
      for (var x = 0u; x < OW; x++) {
        let position = vec3<i32>(start, i32(x));
        var first = position * vec3<i32>(ST, SH, SW) - padding;
        first = position + padding; // when GRADIENT
        let first_at = (((clip + first.x) * H + first.y) * W + first.z) * k4;
        let result_at = (line * OW + x) * n4 + column;
        var left = array<vec4<f32>, VECTORS>();
        for (var v = 0u; v < VECTORS; v++) { // unroll
          let at = first + reach[v].xyz;
          let inside = all(at >= vec3<i32>(0)) && all(at < vec3<i32>(T, H, W));
          left[v] = select(vec4<f32>(0.0), source[select(0u, u32(first_at + reach[v].w), inside)], inside);
        }
        var sum = array<f32, COLUMNS>();
        if (unit > 0u) {
          for (var j = 0u; j < CHUNKS; j++) { // unroll
            let part = result[result_at + j];
            sum[4u * j] = part.x;
            sum[4u * j + 1u] = part.y;
            sum[4u * j + 2u] = part.z;
            sum[4u * j + 3u] = part.w;
          }
        }
        for (var v = 0u; v < VECTORS; v++) { // unroll
          for (var c = 0u; c < 4u; c++) { // unroll
            let own = left[v][c];
            let across = quadSwapX(own);
            let below = quadSwapY(own);
            let opposite = quadSwapDiagonal(own);
            for (var n = 0u; n < COLUMNS; n++) { // unroll
              sum[n] += right[(16u * v + 4u * c) * COLUMNS + n] * own;
              sum[n] += right[(16u * v + 4u * c + 1u) * COLUMNS + n] * across;
              sum[n] += right[(16u * v + 4u * c + 2u) * COLUMNS + n] * below;
              sum[n] += right[(16u * v + 4u * c + 3u) * COLUMNS + n] * opposite;
            }
          }
        }
        for (var j = 0u; j < CHUNKS; j++) { // unroll
          if (column + j < n4) {
            var value = vec4<f32>(sum[4u * j], sum[4u * j + 1u], sum[4u * j + 2u], sum[4u * j + 3u]);
            if (unit + 4u * VECTORS >= UNITS) {
              value *= GAIN;
              value += bias[column + j]; // when BIAS
            }
            result[result_at + j] = value;
          }
        }
      }
    }
  }
}
