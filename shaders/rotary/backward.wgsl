// Gradient of forward.wgsl to the query's and key's share of qkv [B, L, 3 HEADS D], from those to query and key
// [B, L, HEADS, D]. With VALUE the value's share is copied here too; that takes 9 buffers of the 8 that every WebGPU
// device has, so value_backward.wgsl does so elsewhere.
//
// With r = 1 / sqrt(mean(x^2) + 1e-6) and g the output gradient turned back by the angles:
// dx_d = r s_d g_d - x_d r^3 / D sum_e g_e s_e x_e. One thread a head's vector.

override ROWS: u32; // B * L * HEADS
override LENGTH: u32; // L
override HEADS: u32;
override HALF: u32; // D / 8
override EPSILON: f32 = 1e-6;

const GROUP = 32u;
const VALUE = 1;

@group(0) @binding(0) var<storage, read> qkv: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> query_scale: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> key_scale: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> cosine: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> sine: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> query_gradient: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> key_gradient: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read> value_gradient: array<vec4<f32>>; // when VALUE
@group(0) @binding(8) var<storage, read_write> qkv_gradient: array<vec4<f32>>;

// Gradient place the normalised vector times its scale, at chunks c and HALF + c.
fn scaled_gradient(part: u32, at: u32, angle: u32, c: u32) -> array<vec4<f32>, 2> {
  let low = select(key_gradient[at + c], query_gradient[at + c], part == 0u);
  let high = select(key_gradient[at + HALF + c], query_gradient[at + HALF + c], part == 0u);
  let low_scale = select(key_scale[c], query_scale[c], part == 0u);
  let high_scale = select(key_scale[HALF + c], query_scale[HALF + c], part == 0u);
  return array<vec4<f32>, 2>(
    (low * cosine[angle + c] + high * sine[angle + c]) * low_scale,
    (high * cosine[angle + c] - low * sine[angle + c]) * high_scale,
  );
}

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let part = id.x / ROWS; // 0 query, 1 key, 2 value
  if (part > 1u + u32(VALUE)) {
    return;
  }
  let row = id.x % ROWS; // (b L + l) HEADS + head
  let token = row / HEADS;
  let source = ((token * 3u + part) * HEADS + row % HEADS) * 2u * HALF;
  let place = row * 2u * HALF;
  if (part == 2u) { // when VALUE
    for (var c = 0u; c < 2u * HALF; c++) { // when VALUE
      qkv_gradient[source + c] = value_gradient[place + c]; // when VALUE
    } // when VALUE
    return; // when VALUE
  } // when VALUE
  let angle = token % LENGTH * HALF;
  var squares = 0.0;
  var along = 0.0;
  for (var c = 0u; c < HALF; c++) {
    let low = qkv[source + c];
    let high = qkv[source + HALF + c];
    let gradient = scaled_gradient(part, place, angle, c);
    squares += dot(low, low) + dot(high, high);
    along += dot(gradient[0], low) + dot(gradient[1], high);
  }
  let width = f32(8u * HALF);
  let norm = inverseSqrt(squares / width + EPSILON);
  let pull = norm * norm * norm / width * along;
  for (var c = 0u; c < HALF; c++) {
    let gradient = scaled_gradient(part, place, angle, c);
    qkv_gradient[source + c] = norm * gradient[0] - pull * qkv[source + c];
    qkv_gradient[source + HALF + c] = norm * gradient[1] - pull * qkv[source + HALF + c];
  }
}
