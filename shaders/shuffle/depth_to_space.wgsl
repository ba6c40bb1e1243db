// Unfolds channels into blocks of fT x fH x fW positions: x [B, T, H, W, fT fH fW C] ->
// y [B, fT T - (fT - 1), fH H, fW W, C]; the first fT - 1 frames are dropped, so that frame 0 depends on x's
// frame 0 only. Channel order (ft, fh, fw, c), c fastest. One thread per Value of y; C counts Values.

alias Value = vec4<f32>;

override size: u32;
override T: u32;
override H: u32;
override W: u32;
override C: u32;
override fT: u32;
override fH: u32;
override fW: u32;
override shift: u32 = 0; // 0, except in the negative control

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding(1) var<storage, read_write> y: array<Value>;

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
  var rest = i;
  let c = rest % C;
  rest = rest / C;
  let column = (rest + shift) % (W * fW);
  rest = rest / (W * fW);
  let row = rest % (H * fH);
  rest = rest / (H * fH);
  let frames = T * fT + 1u - fT;
  let padded = rest % frames + fT - 1u;
  let batch = rest / frames;
  let position = ((batch * T + padded / fT) * H + row / fH) * W + column / fW;
  let block = ((padded % fT) * fH + row % fH) * fW + column % fW;
  y[i] = x[(position * fT * fH * fW + block) * C + c];
}
