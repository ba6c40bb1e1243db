// Points on the paths from noise to data (flow matching, arXiv:2210.02747): z [B, ..] = noise + (data - noise) times[clip].
// Of NOISE Values of noise there may be fewer than of data: the clips go through them again. One thread per Value.

alias Value = vec4<f32>;

override size: u32;
override n: u32; // Values of a clip
override NOISE: u32; // a multiple of n
override unit: f32 = 1.0; // 1, except in the negative control

@group(0) @binding(0) var<storage, read> data: array<Value>;
@group(0) @binding(1) var<storage, read> noise: array<Value>;
@group(0) @binding(2) var<storage, read> times: array<f32>;
@group(0) @binding(3) var<storage, read_write> z: array<Value>;

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
  let start = noise[i % NOISE];
  z[i] = start + unit * (data[i] - start) * times[i / n];
}
