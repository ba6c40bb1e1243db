// loss [1] of preferences (DPO, arXiv:2305.18290, for flow matching: arXiv:2501.13918) and its slopes [2 pairs] to the
// policy's errors. policy, reference [2 pairs]: velocity errors of the chosen clips, then of the rejected ones.
//
// loss = mean over pairs of softplus(x), x = halfBeta ((policy - reference) chosen - (policy - reference) rejected);
// softplus(x) = max(x, 0) + log(1 + e^-|x|) neither overflows nor loses digits. A handful of pairs: one thread.

override pairs: u32;
override unit: f32 = 1.0; // 1, except in the negative control

@group(0) @binding(0) var<storage, read> policy: array<f32>;
@group(0) @binding(1) var<storage, read> reference: array<f32>;
@group(0) @binding(2) var<storage, read> halfBeta: array<f32>;
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;
@group(0) @binding(4) var<storage, read_write> slopes: array<f32>;

@compute @workgroup_size(1)
fn main() {
  var sum = 0.0;
  for (var p = 0u; p < pairs; p++) {
    let chosen = policy[p] - reference[p];
    let rejected = policy[pairs + p] - reference[pairs + p];
    let x = halfBeta[0] * (chosen - rejected);
    // NaN stays NaN, told by its bits: what a maximum gives then is left to the implementation.
    let is_nan = (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
    let e = exp(-abs(x));
    sum += select(max(x, 0.0) + log(1.0 + e), x, is_nan);
    let slope = select(unit * halfBeta[0] / f32(pairs) * select(e, 1.0, x >= 0.0) / (1.0 + e), x, is_nan);
    slopes[p] = slope;
    slopes[pairs + p] = -slope;
  }
  loss[0] = unit * sum / f32(pairs);
}
