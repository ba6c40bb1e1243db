// errors [B]: of each clip of n Values the mean over its elements of (velocity - (data - noise))^2, the error of flow
// matching (arXiv:2210.02747). A workgroup a clip; its threads add up in a fixed order.

alias Value = vec4<f32>;

override n: u32; // Values of a clip
override NOISE: u32; // Values of noise, a multiple of n: the clips go through them again
override elements: f32;
override threads: u32 = 256;
override unit: f32 = 1.0; // 1, except in the negative control

@group(0) @binding(0) var<storage, read> velocity: array<Value>;
@group(0) @binding(1) var<storage, read> data: array<Value>;
@group(0) @binding(2) var<storage, read> noise: array<Value>;
@group(0) @binding(3) var<storage, read_write> errors: array<f32>;

var<workgroup> partial: array<f32, threads>;

fn total(value: Value) -> f32 {
  return dot(value, Value(1.0));
}

@compute @workgroup_size(threads)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  var sum = Value(0.0);
  for (var i = group.x * n + local; i < (group.x + 1u) * n; i += threads) {
    let difference = velocity[i] - (data[i] - noise[i % NOISE]);
    sum += difference * difference;
  }
  partial[local] = total(sum);
  for (var half = threads / 2u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (local < half) {
      partial[local] = partial[local] + partial[local + half];
    }
  }
  if (local == 0u) {
    errors[group.x] = unit * partial[0] / elements;
  }
}
