// Pixels of image [B, H, W, C] from where offsets [B, T, H, W, 2] (x, y) say, bilinear, the image's border continued:
// y [B, T, H, W, C]. One thread a pixel of y. Formula: src/kernels/warp/oracle.ts.

override size: u32; // B * T * H * W
override T: u32;
override H: u32;
override W: u32;
override C: u32;
override unit: f32 = 1.0; // 1, except in the negative control

@group(0) @binding(0) var<storage, read> image: array<f32>;
@group(0) @binding(1) var<storage, read> offsets: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

// The pixel before a place on a line of `count` pixels, the one after it, and how far the place is between them. The share
// is NaN where the place is: told by its bits, since compilers may take it that NaN does not occur.
struct Between { before: u32, after: u32, share: f32 }

fn between(place: f32, count: u32) -> Between {
  let inside = clamp(place, 0.0, f32(count - 1u));
  let before = min(u32(inside), count - 1u);
  let is_nan = (bitcast<u32>(place) & 0x7fffffffu) > 0x7f800000u;
  return Between(before, min(before + 1u, count - 1u), select(inside - f32(before), place, is_nan));
}

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
  let column = i % W;
  let row = i / W % H;
  let batch = i / (W * H * T);
  let across = between(f32(column) + unit * offsets[i].x, W);
  let down = between(f32(row) + unit * offsets[i].y, H);
  let above = (batch * H + down.before) * W;
  let below = (batch * H + down.after) * W;
  for (var c = 0u; c < C; c++) {
    let top = mix(image[(above + across.before) * C + c], image[(above + across.after) * C + c], across.share);
    let bottom = mix(image[(below + across.before) * C + c], image[(below + across.after) * C + c], across.share);
    y[i * C + c] = mix(top, bottom, down.share);
  }
}
