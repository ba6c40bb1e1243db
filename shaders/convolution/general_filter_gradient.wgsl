// Gradient of a causal 3D convolution to its filter in SLICES partial sums for any number of channels: what
// register_filter_gradient.wgsl computes, one weight a thread, with scalar loads.

override POSITIONS: u32; // B * OT * OH * OW
override SLICES: u32;
override T: i32;
override H: i32;
override W: i32;
override CIN: u32;
override OT: u32;
override OH: u32;
override OW: u32;
override COUT: u32;
override KT: u32;
override KH: u32;
override KW: u32;
override ST: i32;
override SH: i32;
override SW: i32;

const GROUP = 16u;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> output_gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let taps = KT * KH * KW;
  let index = (group.y * groups.x + group.x) * GROUP + local;
  let column = index % COUT;
  let row = index / COUT % CIN;
  let tap = index / (COUT * CIN) % taps;
  let slice = index / (COUT * CIN * taps);
  if (slice >= SLICES) {
    return;
  }
  let shift = vec3<i32>(vec3<u32>(tap / (KW * KH), tap / KW % KH, tap % KW))
    - vec3<i32>(vec3<u32>(KT - 1u, (KH - 1u) / 2u, (KW - 1u) / 2u));
  let per_slice = (POSITIONS + SLICES - 1u) / SLICES;
  var sum = 0.0;
  for (var position = slice * per_slice; position < min(POSITIONS, (slice + 1u) * per_slice); position++) {
    let out = vec3<i32>(vec3<u32>(position / (OW * OH) % OT, position / OW % OH, position % OW));
    let at = out * vec3<i32>(ST, SH, SW) + shift;
    if (all(at >= vec3<i32>(0)) && all(at < vec3<i32>(T, H, W))) {
      let clip = i32(position / (OW * OH * OT)) * T;
      sum += x[u32(((clip + at.x) * H + at.y) * W + at.z) * CIN + row] * output_gradient[position * COUT + column];
    }
  }
  partial[index] = sum;
}
