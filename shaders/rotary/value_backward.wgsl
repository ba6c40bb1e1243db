// Copies the gradient to the value [B, L, HEADS, D] into its share of the gradient to qkv [B, L, 3 HEADS D].
// One thread a chunk of four. See backward.wgsl for the other two shares.

override SIZE: u32; // chunks of the value: B * L * HEADS * D / 4
override TOKEN: u32; // chunks of a token in it: HEADS * D / 4

const GROUP = 64u;

@group(0) @binding(0) var<storage, read> value_gradient: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> qkv_gradient: array<vec4<f32>>;

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < SIZE) {
    qkv_gradient[id.x / TOKEN * 3u * TOKEN + 2u * TOKEN + id.x % TOKEN] = value_gradient[id.x];
  }
}
