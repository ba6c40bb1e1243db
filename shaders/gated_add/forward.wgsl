// out = x + gate y: x, y [B, L, C], gate [B, C] -> out [B, L, C]. One thread per Value; C counts Values.

alias Value = vec4<f32>;

override size: u32;
override L: u32;
override C: u32;
override unit: f32 = 1.0; // 1, except in the negative control

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding(1) var<storage, read> y: array<Value>;
@group(0) @binding(2) var<storage, read> gate: array<Value>;
@group(0) @binding(3) var<storage, read_write> out: array<Value>;

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
  out[i] = x[i] + unit * gate[(i / (L * C)) * C + i % C] * y[i];
}
