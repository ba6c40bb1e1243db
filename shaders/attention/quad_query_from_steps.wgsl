// Attention, gradient to the queries from the steps of the scores that quad_backward_key_value.wgsl kept, with keys
// shared by four neighbouring threads: dQ = dS K, steps [B, HEADS, KEYS, 4 BLOCKS] and key [B, KEYS, HEADS, 4 CHUNKS]
// -> [B, QUERIES, HEADS, 4 CHUNKS]; a row of steps is padded.
//
// Each thread takes four query rows of one head, whose steps for a key are one vector; the output holds the running
// sums. Rows are padded so that four neighbours are of one head; threads past the last row take part and store nothing.

enable subgroups;

override QUERIES: u32;
override KEYS: u32;
override HEADS: u32;
override GROUPS: u32; // B * HEADS
override CHUNKS: u32; // D / 4
override BLOCKS: u32; // rows of steps / 4

const ROWS = 4u;
const QUARTERS = 4u;
const GROUP = 16u;

@group(0) @binding(0) var<storage, read> key: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> steps: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> query_gradient: array<vec4<f32>>;

// What neighbours lane ^ 0 .. lane ^ 3 have, a column each.
fn around(own: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(own, quadSwapX(own), quadSwapY(own), quadSwapDiagonal(own));
}

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let blocks = (QUERIES + 4u * ROWS - 1u) / (4u * ROWS) * 4u;
  let group = min(id.x / blocks, GROUPS - 1u);
  let row = id.x % blocks * ROWS;
  let stores = id.x / blocks < GROUPS && row < QUERIES;
  let stride = HEADS * CHUNKS;
  let row_at = (group / HEADS * QUERIES * HEADS + group % HEADS) * CHUNKS + row * stride;
  let keys_at = (group / HEADS * KEYS * HEADS + group % HEADS) * CHUNKS;
  let steps_at = group * KEYS * BLOCKS + min(row / 4u, BLOCKS - 1u);
  for (var start = 0u; start < KEYS; start += 4u * QUARTERS) {
    var key_at = array<u32, QUARTERS>();
    for (var q = 0u; q < QUARTERS; q++) { // unroll
      key_at[q] = keys_at + min(start + 4u * q + local % 4u, KEYS - 1u) * stride;
    }
    // Of four keys by row, in the order in which they come around.
    var step = array<array<vec4<f32>, ROWS>, QUARTERS>();
    for (var q = 0u; q < QUARTERS; q++) { // unroll
      var of_key = array<vec4<f32>, 4>();
      for (var k = 0u; k < 4u; k++) { // unroll
        let at = start + 4u * q + ((local % 4u) ^ k);
        of_key[k] = select(vec4<f32>(0.0), steps[steps_at + min(at, KEYS - 1u) * BLOCKS], at < KEYS);
      }
      let of_row = transpose(mat4x4<f32>(of_key[0], of_key[1], of_key[2], of_key[3]));
      for (var i = 0u; i < ROWS; i++) { // unroll
        step[q][i] = of_row[i];
      }
    }
    for (var c = 0u; c < CHUNKS; c++) {
      var sum = array<vec4<f32>, ROWS>();
      if (stores && start > 0u) {
        for (var i = 0u; i < ROWS; i++) { // unroll
          sum[i] = query_gradient[row_at + i * stride + c];
        }
      }
      for (var q = 0u; q < QUARTERS; q++) { // unroll
        let right = around(key[key_at[q] + c]);
        for (var i = 0u; i < ROWS; i++) { // unroll
          sum[i] += right * step[q][i];
        }
      }
      if (stores) {
        for (var i = 0u; i < ROWS; i++) { // unroll
          if (row + i < QUERIES) {
            query_gradient[row_at + i * stride + c] = sum[i];
          }
        }
      }
    }
  }
}
