// AdamW, in place: up to eight parameters and their first and second moments from their gradients. Loshchilov and
// Hutter, "Decoupled weight decay regularization" (arXiv:1711.05101), algorithm 2.
//
// The moments of all parameters lie in two arrays; parameter k's begin at start_k. settings [9] = learning rate, beta1,
// 1 - beta1, beta2, 1 - beta2, epsilon, weight decay, and the bias corrections 1 / (1 - beta1^t) and 1 / (1 - beta2^t),
// all computed in f64 on the CPU. gradientScale [1] multiplies the gradients (clipping, loss scale). Moments start at
// zero. One thread per Value, a row of workgroups a parameter: a dispatch a parameter would cost more than its update.

alias Value = vec4<f32>;

// Values in each parameter, and before its moments.
override size0: u32;
override size1: u32 = 0u;
override size2: u32 = 0u;
override size3: u32 = 0u;
override size4: u32 = 0u;
override size5: u32 = 0u;
override size6: u32 = 0u;
override size7: u32 = 0u;
override start0: u32;
override start1: u32 = 0u;
override start2: u32 = 0u;
override start3: u32 = 0u;
override start4: u32 = 0u;
override start5: u32 = 0u;
override start6: u32 = 0u;
override start7: u32 = 0u;
override unit: f32 = 1.0; // 1, except in the negative control

const HAS1 = 1;
const HAS2 = 1;
const HAS3 = 1;
const HAS4 = 1;
const HAS5 = 1;
const HAS6 = 1;
const HAS7 = 1;

@group(0) @binding(0) var<storage, read> settings: array<f32>;
@group(0) @binding(1) var<storage, read> gradientScale: array<f32>;
@group(0) @binding(2) var<storage, read> gradient0: array<Value>;
@group(0) @binding(3) var<storage, read> gradient1: array<Value>; // when HAS1
@group(0) @binding(4) var<storage, read> gradient2: array<Value>; // when HAS2
@group(0) @binding(5) var<storage, read> gradient3: array<Value>; // when HAS3
@group(0) @binding(6) var<storage, read> gradient4: array<Value>; // when HAS4
@group(0) @binding(7) var<storage, read> gradient5: array<Value>; // when HAS5
@group(0) @binding(8) var<storage, read> gradient6: array<Value>; // when HAS6
@group(0) @binding(9) var<storage, read> gradient7: array<Value>; // when HAS7
@group(0) @binding(10) var<storage, read_write> first: array<Value>;
@group(0) @binding(11) var<storage, read_write> second: array<Value>;
@group(0) @binding(12) var<storage, read_write> parameter0: array<Value>;
@group(0) @binding(13) var<storage, read_write> parameter1: array<Value>; // when HAS1
@group(0) @binding(14) var<storage, read_write> parameter2: array<Value>; // when HAS2
@group(0) @binding(15) var<storage, read_write> parameter3: array<Value>; // when HAS3
@group(0) @binding(16) var<storage, read_write> parameter4: array<Value>; // when HAS4
@group(0) @binding(17) var<storage, read_write> parameter5: array<Value>; // when HAS5
@group(0) @binding(18) var<storage, read_write> parameter6: array<Value>; // when HAS6
@group(0) @binding(19) var<storage, read_write> parameter7: array<Value>; // when HAS7

// Moves the moments at `at` and returns what becomes of the parameter's value.
fn moved(value: Value, gradient: Value, at: u32) -> Value {
  let g = gradient * gradientScale[0];
  let m = settings[1] * first[at] + settings[2] * g;
  let v = settings[3] * second[at] + settings[4] * g * g;
  first[at] = m;
  second[at] = v;
  let change = (m * settings[7]) / (sqrt(v * settings[8]) + settings[5]) + settings[6] * value;
  return value - unit * settings[0] * change;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let i = group.x * 64u + local;
  let k = group.y;
  if (k == 0u && i < size0) { parameter0[i] = moved(parameter0[i], gradient0[i], start0 + i); }
  if (k == 1u && i < size1) { parameter1[i] = moved(parameter1[i], gradient1[i], start1 + i); } // when HAS1
  if (k == 2u && i < size2) { parameter2[i] = moved(parameter2[i], gradient2[i], start2 + i); } // when HAS2
  if (k == 3u && i < size3) { parameter3[i] = moved(parameter3[i], gradient3[i], start3 + i); } // when HAS3
  if (k == 4u && i < size4) { parameter4[i] = moved(parameter4[i], gradient4[i], start4 + i); } // when HAS4
  if (k == 5u && i < size5) { parameter5[i] = moved(parameter5[i], gradient5[i], start5 + i); } // when HAS5
  if (k == 6u && i < size6) { parameter6[i] = moved(parameter6[i], gradient6[i], start6 + i); } // when HAS6
  if (k == 7u && i < size7) { parameter7[i] = moved(parameter7[i], gradient7[i], start7 + i); } // when HAS7
}
