// Multiply-adds in registers and nothing else: what an adapter can do at most. Each thread carries eight numbers through
// 8 `TURNS` of x = x * factor + term and writes their sum. Eight hide an addition's latency, and fit the sixteen registers
// of a processor.

override TURNS = 1u;
override THREADS = 1u;

// A number for each thread; then factor and term, which a compiler that knew them would fold turns together with.
@group(0) @binding(0) var<storage, read> start: array<f32>;
@group(0) @binding(1) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let thread = id.x;
  if (thread >= THREADS) {
    return;
  }
  let first = start[thread];
  let factor = start[THREADS];
  let term = start[THREADS + 1u];
  // `a * b + c`: the software adapter is twice as slow with fma(), GPUs make one of it anyway.
  var x = vec4f(first, first + 1.0, first + 2.0, first + 3.0);
  var y = x + 4.0;
  for (var turn = 0u; turn < TURNS; turn++) {
    // Written out: a software adapter spends as much on the loop as on one line of it.
    x = x * factor + term;
    y = y * factor + term;
    x = x * factor + term;
    y = y * factor + term;
    x = x * factor + term;
    y = y * factor + term;
    x = x * factor + term;
    y = y * factor + term;
    x = x * factor + term;
    y = y * factor + term;
    x = x * factor + term;
    y = y * factor + term;
    x = x * factor + term;
    y = y * factor + term;
    x = x * factor + term;
    y = y * factor + term;
  }
  let sum = x + y;
  result[thread] = sum.x + sum.y + sum.z + sum.w;
}
