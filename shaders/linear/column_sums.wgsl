// Sums of the columns of a matrix [M, N] -> [N]: the gradient to a bias. Any shape.
//
// A workgroup takes COLUMNS columns; LANES threads a column sum every LANES-th row, and the first adds their
// sums in order. The order is fixed by the shape.

override M: u32;
override N: u32;

const COLUMNS = 8u;
const LANES = 8u;

@group(0) @binding(0) var<storage, read> matrix: array<f32>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

var<workgroup> partial: array<f32, COLUMNS * LANES>;

@compute @workgroup_size(COLUMNS, LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let column = group.x * COLUMNS + local.x;
  var sum = 0.0;
  if (column < N) {
    for (var m = local.y; m < M; m += LANES) {
      sum += matrix[m * N + column];
    }
  }
  partial[local.y * COLUMNS + local.x] = sum;
  workgroupBarrier();
  if (local.y == 0u && column < N) {
    for (var lane = 1u; lane < LANES; lane++) {
      sum += partial[lane * COLUMNS + local.x];
    }
    sums[column] = sum;
  }
}
