// D_i = dO_i . O_i for every row: output and its gradient [B, QUERIES, HEADS, 4 CHUNKS] -> [B, HEADS, QUERIES].
// The first step of attention's backward pass (FlashAttention, arXiv:2205.14135, appendix B.2).

override QUERIES: u32;
override HEADS: u32;
override GROUPS: u32; // B * HEADS
override CHUNKS: u32; // D / 4

const GROUP = 64u;

@group(0) @binding(0) var<storage, read> output: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> output_gradient: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> products: array<f32>;

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let group = id.x / QUERIES;
  if (group >= GROUPS) {
    return;
  }
  let row = id.x % QUERIES;
  let at = ((group / HEADS * QUERIES + row) * HEADS + group % HEADS) * CHUNKS;
  var sum = 0.0;
  for (var c = 0u; c < CHUNKS; c++) {
    sum += dot(output[at + c], output_gradient[at + c]);
  }
  products[id.x] = sum;
}
