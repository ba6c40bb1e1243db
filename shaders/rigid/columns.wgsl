// The second pass of rigid motion (src/kernels/rigid/oracle.ts): adds up the rows' sums (rows.wgsl) within `reach` rows of
// every pixel, and finds the turn and shift: y [B, T, H, W, 2]. A row that is j below adds its distance to the places and
// their sources. One thread a pixel.

override size: u32; // B * T * H * W
override H: u32;
override W: u32;
override reach: u32;
override unturned: f32;
override believed: f32;
override nothing: f32;
override unit: f32 = 1.0; // 1, except in the negative control

@group(0) @binding(0) var<storage, read> sums: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec2<f32>>;

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
  let row = i / W % H;
  let first = i - min(row, reach) * W;
  let last = i + min(H - 1u - row, reach) * W;
  var total = 0.0;
  var middle = vec2<f32>();
  var offset = vec2<f32>();
  var dot_sum = 0.0;
  var cross_sum = 0.0;
  var j = -f32(min(row, reach));
  for (var q = first; q <= last; q += W) {
    let plain = sums[2u * q];
    let products = sums[2u * q + 1u];
    total += plain.x;
    middle += vec2(plain.y, j * plain.x);
    offset += plain.zw;
    dot_sum += products.x + j * (j * plain.x + plain.w);
    cross_sum += products.y - j * plain.z;
    j += 1.0;
  }
  // NaN stays NaN: what a maximum gives then is left to the implementation.
  let is_nan = (bitcast<u32>(total) & 0x7fffffffu) > 0x7f800000u;
  let known = select(max(total, nothing), total, is_nan);
  let m = middle / known;
  let n = m + offset / known;
  let along = dot_sum / known - dot(m, n) + unturned;
  let aside = unit * (cross_sum / known - (m.x * n.y - m.y * n.x));
  let turn = vec2(along, aside) / length(vec2(along, aside));
  let turned = vec2(turn.x * m.x - turn.y * m.y, turn.y * m.x + turn.x * m.y);
  y[i] = (n - turned) * (total / (total + believed));
}
