// Splits qkv [B, L, 3 HEADS D] into query, key and value [B, L, HEADS, D]; query and key pass an RMS norm with
// a learned scale [D] and a rotation by the position's angles, cosine and sine [L, D / 2]. D = 8 HALF.
//
// n = x / sqrt(mean(x^2) + 1e-6) * scale, then pairs (j, j + D / 2) turn by the angle of (l, j):
// y_j = n_j cos - n_(j + D/2) sin, y_(j + D/2) = n_(j + D/2) cos + n_j sin. RoFormer (arXiv:2104.09864) in the
// "rotate half" layout; norm of queries and keys as in arXiv:2302.05442. One thread a head's vector.

override ROWS: u32; // B * L * HEADS
override LENGTH: u32; // L
override HEADS: u32;
override HALF: u32; // D / 8: chunks of four in half a vector
override EPSILON: f32 = 1e-6;

const GROUP = 32u;

@group(0) @binding(0) var<storage, read> qkv: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> query_scale: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> key_scale: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> cosine: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> sine: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> query: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> key: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> value: array<vec4<f32>>;

fn inverse_norm(source: u32) -> f32 {
  var squares = 0.0;
  for (var c = 0u; c < 2u * HALF; c++) {
    let x = qkv[source + c];
    squares += dot(x, x);
  }
  return inverseSqrt(squares / f32(8u * HALF) + EPSILON);
}

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let part = id.x / ROWS; // 0 query, 1 key, 2 value
  if (part > 2u) {
    return;
  }
  let row = id.x % ROWS; // (b L + l) HEADS + head
  let token = row / HEADS;
  let source = ((token * 3u + part) * HEADS + row % HEADS) * 2u * HALF;
  let place = row * 2u * HALF;
  if (part == 2u) {
    for (var c = 0u; c < 2u * HALF; c++) {
      value[place + c] = qkv[source + c];
    }
    return;
  }
  let norm = inverse_norm(source);
  let angle = token % LENGTH * HALF;
  for (var c = 0u; c < HALF; c++) {
    let low_scale = select(key_scale[c], query_scale[c], part == 0u);
    let high_scale = select(key_scale[HALF + c], query_scale[HALF + c], part == 0u);
    let low = qkv[source + c] * norm * low_scale;
    let high = qkv[source + HALF + c] * norm * high_scale;
    let turned_low = low * cosine[angle + c] - high * sine[angle + c];
    let turned_high = high * cosine[angle + c] + low * sine[angle + c];
    if (part == 0u) {
      query[place + c] = turned_low;
      query[place + HALF + c] = turned_high;
    } else {
      key[place + c] = turned_low;
      key[place + HALF + c] = turned_high;
    }
  }
}
