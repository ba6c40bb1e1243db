// The first of two passes of rigid motion (src/kernels/rigid/oracle.ts): for every pixel, what places q of its own row within
// `reach` of it add up to, x being their distance from it and (u, v) their offsets, weighted by w:
// sums [B, T, H, W, 8] = (w, w x, w u, w v, w x (x + u), w x v, 0, 0). One thread a pixel.

override size: u32; // B * T * H * W
override W: u32;
override reach: u32;

@group(0) @binding(0) var<storage, read> offsets: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + local;
  if (i >= size) {
    return;
  }
  let column = i % W;
  let first = i - min(column, reach);
  let last = i + min(W - 1u - column, reach);
  var plain = vec4<f32>();
  var products = vec4<f32>();
  for (var q = first; q <= last; q++) {
    let x = f32(q) - f32(i);
    let offset = offsets[q];
    plain += weight[q] * vec4(1.0, x, offset);
    products += weight[q] * vec4(x * (x + offset.x), x * offset.y, 0.0, 0.0);
  }
  sums[2u * i] = plain;
  sums[2u * i + 1u] = products;
}
