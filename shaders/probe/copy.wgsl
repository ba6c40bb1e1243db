// y = x + 1 over 8 * `STRIDE` vectors, eight a thread: each is read once and written once, so that memory alone decides.

override STRIDE = 1u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= STRIDE) {
    return;
  }
  y[i] = x[i] + 1.0;
  y[i + STRIDE] = x[i + STRIDE] + 1.0;
  y[i + 2u * STRIDE] = x[i + 2u * STRIDE] + 1.0;
  y[i + 3u * STRIDE] = x[i + 3u * STRIDE] + 1.0;
  y[i + 4u * STRIDE] = x[i + 4u * STRIDE] + 1.0;
  y[i + 5u * STRIDE] = x[i + 5u * STRIDE] + 1.0;
  y[i + 6u * STRIDE] = x[i + 6u * STRIDE] + 1.0;
  y[i + 7u * STRIDE] = x[i + 7u * STRIDE] + 1.0;
}
