// sums[slot + k] = sum of x_k^2 for up to nine tensors, a workgroup a tensor, each in a fixed order.
// clip_factor.wgsl makes the global norm of them. Meant for gradients of up to a few hundred thousand elements
// each: a tensor a dispatch would cost more than the sums.

alias Value = vec4<f32>;

// Values in each tensor.
override size0: u32;
override size1: u32 = 0u;
override size2: u32 = 0u;
override size3: u32 = 0u;
override size4: u32 = 0u;
override size5: u32 = 0u;
override size6: u32 = 0u;
override size7: u32 = 0u;
override size8: u32 = 0u;
override slot: u32;
override threads: u32 = 256;
override unit: f32 = 1.0; // 1, except in the negative control

const HAS1 = 1;
const HAS2 = 1;
const HAS3 = 1;
const HAS4 = 1;
const HAS5 = 1;
const HAS6 = 1;
const HAS7 = 1;
const HAS8 = 1;

@group(0) @binding(0) var<storage, read> x0: array<Value>;
@group(0) @binding(1) var<storage, read> x1: array<Value>; // when HAS1
@group(0) @binding(2) var<storage, read> x2: array<Value>; // when HAS2
@group(0) @binding(3) var<storage, read> x3: array<Value>; // when HAS3
@group(0) @binding(4) var<storage, read> x4: array<Value>; // when HAS4
@group(0) @binding(5) var<storage, read> x5: array<Value>; // when HAS5
@group(0) @binding(6) var<storage, read> x6: array<Value>; // when HAS6
@group(0) @binding(7) var<storage, read> x7: array<Value>; // when HAS7
@group(0) @binding(8) var<storage, read> x8: array<Value>; // when HAS8
@group(0) @binding(9) var<storage, read_write> sums: array<f32>;

var<workgroup> partial: array<f32, threads>;

fn total(value: Value) -> f32 {
  return dot(value, Value(1.0));
}

@compute @workgroup_size(threads)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  var sum = Value(0.0);
  if (group.x == 0u) { for (var i = local; i < size0; i += threads) { sum += x0[i] * x0[i]; } }
  if (group.x == 1u) { for (var i = local; i < size1; i += threads) { sum += x1[i] * x1[i]; } } // when HAS1
  if (group.x == 2u) { for (var i = local; i < size2; i += threads) { sum += x2[i] * x2[i]; } } // when HAS2
  if (group.x == 3u) { for (var i = local; i < size3; i += threads) { sum += x3[i] * x3[i]; } } // when HAS3
  if (group.x == 4u) { for (var i = local; i < size4; i += threads) { sum += x4[i] * x4[i]; } } // when HAS4
  if (group.x == 5u) { for (var i = local; i < size5; i += threads) { sum += x5[i] * x5[i]; } } // when HAS5
  if (group.x == 6u) { for (var i = local; i < size6; i += threads) { sum += x6[i] * x6[i]; } } // when HAS6
  if (group.x == 7u) { for (var i = local; i < size7; i += threads) { sum += x7[i] * x7[i]; } } // when HAS7
  if (group.x == 8u) { for (var i = local; i < size8; i += threads) { sum += x8[i] * x8[i]; } } // when HAS8
  partial[local] = total(sum);
  for (var half = threads / 2u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (local < half) {
      partial[local] = partial[local] + partial[local + half];
    }
  }
  if (local == 0u) {
    sums[slot + group.x] = unit * partial[0];
  }
}
