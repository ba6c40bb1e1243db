// The six modulations of a transformer block: shared [B, 6C] + table [6C] -> six outputs [B, C], in the order
// of the table. One thread per Value of one output; C counts Values. One dispatch instead of an addition and
// six slices.

alias Value = vec4<f32>;

override size: u32;
override C: u32;
override unit: f32 = 1.0; // 1, except in the negative control

@group(0) @binding(0) var<storage, read> condition: array<Value>;
@group(0) @binding(1) var<storage, read> table: array<Value>;
@group(0) @binding(2) var<storage, read_write> out0: array<Value>;
@group(0) @binding(3) var<storage, read_write> out1: array<Value>;
@group(0) @binding(4) var<storage, read_write> out2: array<Value>;
@group(0) @binding(5) var<storage, read_write> out3: array<Value>;
@group(0) @binding(6) var<storage, read_write> out4: array<Value>;
@group(0) @binding(7) var<storage, read_write> out5: array<Value>;

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
  let c = i % C;
  let row = (i / C) * 6u * C + c;
  out0[i] = condition[row] + unit * table[c];
  out1[i] = condition[row + C] + unit * table[c + C];
  out2[i] = condition[row + 2u * C] + unit * table[c + 2u * C];
  out3[i] = condition[row + 3u * C] + unit * table[c + 3u * C];
  out4[i] = condition[row + 4u * C] + unit * table[c + 4u * C];
  out5[i] = condition[row + 5u * C] + unit * table[c + 5u * C];
}
