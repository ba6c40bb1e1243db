// Folds blocks of fT x fH x fW positions into channels: x [B, T, H, W, C] -> y [B, tY, H / fH, W / fW, fT fH
// fW C], tY = (T + fT - 1) / fT. Channel order (ft, fh, fw, c), c fastest. In time the first block holds fT -
// 1 missing frames, read as zero, and then frame 0: the causal layout that depth_to_space.wgsl undoes.
// One thread per Value of y; C counts Values.

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
  let w = rest % fW;
  rest = rest / fW;
  let h = rest % fH;
  rest = rest / fH;
  let t = rest % fT;
  rest = rest / fT;
  let column = (rest % (W / fW)) * fW + w;
  rest = rest / (W / fW);
  let row = (rest % (H / fH)) * fH + h;
  rest = rest / (H / fH);
  let blocks = (T + fT - 1u) / fT;
  let padded = (rest % blocks) * fT + t;
  let batch = rest / blocks;
  if (padded + 1u < fT) {
    y[i] = Value(0.0);
  } else {
    let frame = padded + 1u - fT;
    y[i] = x[(((batch * T + frame) * H + row) * W + (column + shift) % W) * C + c];
  }
}
