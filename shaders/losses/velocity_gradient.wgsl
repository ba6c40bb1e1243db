// Gradient of velocity_errors.wgsl to the velocity: 2 / elements dy[clip] (velocity - (data - noise)). One thread per
// Value.

alias Value = vec4<f32>;

override size: u32;
override n: u32; // Values of a clip
override NOISE: u32; // Values of noise, a multiple of n: the clips go through them again
override elements: f32;
override unit: f32 = 1.0; // 1, except in the negative control

@group(0) @binding(0) var<storage, read> velocity: array<Value>;
@group(0) @binding(1) var<storage, read> data: array<Value>;
@group(0) @binding(2) var<storage, read> noise: array<Value>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradient: array<Value>;

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
  gradient[i] = unit * (2.0 / elements) * dy[i / n] * (velocity[i] - (data[i] - noise[i % NOISE]));
}
