// AdamW, in place: parameter [n], first and second moments [n] from the gradient [n]. Loshchilov and Hutter,
// "Decoupled weight decay regularization" (arXiv:1711.05101), algorithm 2.
//
// settings [9] = learning rate, beta1, 1 - beta1, beta2, 1 - beta2, epsilon, weight decay, and the bias
// corrections 1 / (1 - beta1^t) and 1 / (1 - beta2^t), all computed in f64 on the CPU. gradientScale [1]
// multiplies the gradient (clipping, loss scale). Moments start at zero. One thread per Value.

alias Value = vec4<f32>;

override size: u32;
override unit: f32 = 1.0; // 1, except in the negative control

@group(0) @binding(0) var<storage, read> gradient: array<Value>;
@group(0) @binding(1) var<storage, read> settings: array<f32>;
@group(0) @binding(2) var<storage, read> gradientScale: array<f32>;
@group(0) @binding(3) var<storage, read_write> parameter: array<Value>;
@group(0) @binding(4) var<storage, read_write> first: array<Value>;
@group(0) @binding(5) var<storage, read_write> second: array<Value>;

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
  let g = gradient[i] * gradientScale[0];
  let m = settings[1] * first[i] + settings[2] * g;
  let v = settings[3] * second[i] + settings[4] * g * g;
  first[i] = m;
  second[i] = v;
  let change = (m * settings[7]) / (sqrt(v * settings[8]) + settings[5]) + settings[6] * parameter[i];
  parameter[i] = parameter[i] - unit * settings[0] * change;
}
