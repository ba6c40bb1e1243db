// Standard normal numbers: Box-Muller on Philox 4x32-10 (Salmon et al., SC 2011), the same stream as in
// TypeScript and Python. Block q has the counter (q, stream, 0, 0) and gives the elements 4 q .. 4 q + 3:
// words 0 and 1 the first two (cosine, sine), words 2 and 3 the others.
//
// key [3] = (seed low, seed high, stream) as 32-bit words; y [size]. One thread per block.
//
// u1 = (word >> 8 + 0.5) / 2^24 and u2 alike need 25 bits, one more than an f32 has, and WGSL's log, sin and
// cos may be as coarse as 2^-11. So the logarithm and the angle are reduced in integers, and series do the
// rest. `words` stores the raw words instead: integers can be compared bit for bit.

override size: u32;
override weyl: u32 = 0x9e3779b9;
override unit: f32 = 1.0; // 1, except in the negative control

@group(0) @binding(0) var<storage, read> key: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;

fn multiplyHigh(a: u32, b: u32) -> u32 {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let cross = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (cross >> 16u);
}

fn philox(block: u32) -> vec4<u32> {
  var counter = vec4<u32>(block, key[2], 0u, 0u);
  var keys = vec2<u32>(key[0], key[1]);
  for (var round = 0u; round < 10u; round++) {
    counter = vec4<u32>(
      multiplyHigh(0xcd9e8d57u, counter.z) ^ counter.y ^ keys.x,
      0xcd9e8d57u * counter.z,
      multiplyHigh(0xd2511f53u, counter.x) ^ counter.w ^ keys.y,
      0xd2511f53u * counter.x,
    );
    keys += vec2<u32>(weyl, 0xbb67ae85u);
  }
  return counter;
}

// 2 atanh(s) = ln((1 + s) / (1 - s)) for 0 <= s <= 1/3; the next term is below 2^-26 of the result.
fn twiceAtanh(s: f32) -> f32 {
  let q = s * s;
  let series = 1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0
    + q * (1.0 / 13.0 + q / 15.0))))));
  return 2.0 * s * series;
}

// -ln of u = (2 bits + 1) / 2^25, bits < 2^24.
fn minusLog(bits: u32) -> f32 {
  let odd = 2u * bits + 1u;
  if (odd > 0x1000000u) {
    // Above a half: 1 - u is exact, and ln u = -2 atanh(d / (2 - d)) loses nothing near 1.
    let d = f32(0x2000000u - odd) / 33554432.0;
    return twiceAtanh(d / (2.0 - d));
  }
  let exponent = firstLeadingBit(odd);
  let mantissa = f32(odd) / f32(1u << exponent);
  return (25.0 - f32(exponent)) * 0.6931471805599453 - twiceAtanh((mantissa - 1.0) / (mantissa + 1.0));
}

// (cos, sin) of 2 pi (bits + 0.5) / 2^24: a quadrant, and within it at most an eighth of a turn.
fn turn(bits: u32) -> vec2<f32> {
  let quadrant = bits >> 22u;
  let within = bits & 0x3fffffu;
  let mirrored = within >= 0x200000u;
  let steps = select(2u * within + 1u, 0x800000u - (2u * within + 1u), mirrored);
  let a = f32(steps) / 8388608.0 * 1.5707963267948966;
  let q = a * a;
  let s = a * (1.0 + q * (-1.0 / 6.0 + q * (1.0 / 120.0 + q * (-1.0 / 5040.0 + q / 362880.0))));
  let c = 1.0 + q * (-0.5 + q * (1.0 / 24.0 + q * (-1.0 / 720.0 + q / 40320.0)));
  let first = select(vec2<f32>(c, s), vec2<f32>(s, c), mirrored);
  switch quadrant {
    case 0u: { return first; }
    case 1u: { return vec2<f32>(-first.y, first.x); }
    case 2u: { return -first; }
    default: { return vec2<f32>(first.y, -first.x); }
  }
}

fn pair(a: u32, b: u32) -> vec2<f32> {
  return unit * sqrt(2.0 * minusLog(a >> 8u)) * turn(b >> 8u);
}

fn store(block: u32, values: vec4<u32>) {
  for (var k = 0u; k < 4u; k++) {
    if (block * 4u + k < size) {
      y[block * 4u + k] = values[k];
    }
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let block = (group.y * groups.x + group.x) * 64u + local;
  if (block * 4u >= size) {
    return;
  }
  let random = philox(block);
  let values = vec4<f32>(pair(random.x, random.y), pair(random.z, random.w));
  store(block, bitcast<vec4<u32>>(values));
}

@compute @workgroup_size(64)
fn words(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let block = (group.y * groups.x + group.x) * 64u + local;
  if (block * 4u >= size) {
    return;
  }
  store(block, philox(block));
}
