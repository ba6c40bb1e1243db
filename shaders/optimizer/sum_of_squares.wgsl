// sums[slot] = sum of x^2 over n elements, by one workgroup in a fixed order. A tensor a slot;
// clip_factor.wgsl makes the global norm of them. Meant for gradients of up to a few hundred thousand
// elements each.

alias Value = vec4<f32>;

override size: u32;
override slot: u32;
override threads: u32 = 256;
override unit: f32 = 1.0; // 1, except in the negative control

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

var<workgroup> partial: array<f32, threads>;

fn total(value: Value) -> f32 {
  return dot(value, Value(1.0));
}

@compute @workgroup_size(threads)
fn main(@builtin(local_invocation_index) local: u32) {
  var sum = Value(0.0);
  for (var i = local; i < size; i += threads) {
    sum += x[i] * x[i];
  }
  partial[local] = total(sum);
  for (var half = threads / 2u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (local < half) {
      partial[local] = partial[local] + partial[local + half];
    }
  }
  if (local == 0u) {
    sums[slot] = unit * partial[0];
  }
}
