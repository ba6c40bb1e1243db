// The terms of the gradient to a query or key scale: products [ROWS, D], whose column sums are the gradient.
//
// products_d = g_d x_d / sqrt(mean(x^2) + 1e-6), g the output gradient turned back by the angles. PART 0 is the
// query's, 1 the key's. Kept out of backward.wgsl because training adapters alone does not need it.

override ROWS: u32; // B * L * HEADS
override LENGTH: u32; // L
override HEADS: u32;
override HALF: u32; // D / 8
override PART: u32;
override EPSILON: f32 = 1e-6;

const GROUP = 32u;

@group(0) @binding(0) var<storage, read> qkv: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> cosine: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> sine: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> gradient: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> products: array<vec4<f32>>;

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x; // (b L + l) HEADS + head
  if (row >= ROWS) {
    return;
  }
  let token = row / HEADS;
  let source = ((token * 3u + PART) * HEADS + row % HEADS) * 2u * HALF;
  let place = row * 2u * HALF;
  let angle = token % LENGTH * HALF;
  var squares = 0.0;
  for (var c = 0u; c < 2u * HALF; c++) {
    squares += dot(qkv[source + c], qkv[source + c]);
  }
  let norm = inverseSqrt(squares / f32(8u * HALF) + EPSILON);
  for (var c = 0u; c < HALF; c++) {
    let low = gradient[place + c];
    let high = gradient[place + HALF + c];
    products[place + c] = (low * cosine[angle + c] + high * sine[angle + c]) * qkv[source + c] * norm;
    products[place + HALF + c] = (high * cosine[angle + c] - low * sine[angle + c]) * qkv[source + HALF + c] * norm;
  }
}
