// factor [1] = what brings a gradient of this norm down to `maximum`, and norm [1] itself: norm =
// sqrt(sum of sums [count]), factor = min(1, maximum / norm). A `maximum` of 0 or less clips nothing.

override count: u32;
override maximum: f32;

@group(0) @binding(0) var<storage, read> sums: array<f32>;
@group(0) @binding(1) var<storage, read_write> factor: array<f32>;
@group(0) @binding(2) var<storage, read_write> norm: array<f32>;

@compute @workgroup_size(1)
fn main() {
  var sum = 0.0;
  for (var i = 0u; i < count; i++) {
    sum += sums[i];
  }
  let length = sqrt(sum);
  norm[0] = length;
  factor[0] = select(1.0, maximum / length, maximum > 0.0 && length > maximum);
}
