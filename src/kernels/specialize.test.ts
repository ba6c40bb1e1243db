// The text operations that make a variant of a WGSL module.

import { expect, test } from 'vitest';
import { setConstants, specialize, unroll } from './specialize.ts';

const code = `const ROWS = 4u;
const BIAS = 1;
// begin BIAS
fn scaled() {}
// end BIAS
@group(0) @binding(0) var<storage, read> bias: array<f32>; // when BIAS
@group(0) @binding(1) var<storage, read_write> row: array<f32>;
fn f() {
  for (var i = 0u; i < ROWS; i++) { // unroll
    for (var c = 0u; c < 2u; c++) { // unroll
      row[i] += bias[c]; // when BIAS
    }
  }
}
`;

test('constants are replaced and conditional lines kept or dropped', () => {
  expect(setConstants(code, { ROWS: 2 })).toContain('const ROWS = 2u;');
  expect(setConstants(code, { BIAS: 1 })).toContain('bias[c]');
  expect(setConstants(code, { BIAS: 0 })).not.toContain('bias[c]');
  expect(setConstants(code, { BIAS: 1 })).toContain('fn scaled');
  expect(setConstants(code, { BIAS: 0 })).not.toContain('fn scaled');
  expect(setConstants(code, { BIAS: 0 })).toContain('fn f');
  expect(setConstants(code, { BIAS: 1 })).toContain('@binding(1) var<storage, read_write> row');
  expect(setConstants(code, { BIAS: 0 })).toContain('@binding(0) var<storage, read_write> row');
  expect(() => setConstants(code, { COLUMNS: 2 })).toThrow(/no const COLUMNS/);
});

test('nested loops are written out with literals', () => {
  const text = unroll(setConstants(code, { ROWS: 3 }));
  expect(text).not.toContain('for (');
  expect(text.match(/row\[\du\] \+= bias\[\du\]/g)).toEqual(
    [0, 1, 2].flatMap((i) => [0, 1].map((c) => `row[${i}u] += bias[${c}u]`)),
  );
  expect(text.split('{').length).toBe(text.split('}').length);
  expect(() => unroll('for (var i = 0u; i < NONE; i++) { // unroll\n}')).toThrow(/NONE/);
});

test('a variant is named by its values and made once', () => {
  const one = specialize('test/unrolled', code, { ROWS: 1, BIAS: 0 });
  expect(one.name).toBe('test/unrolled(ROWS=1,BIAS=0)');
  expect(specialize('test/unrolled', code, { ROWS: 1, BIAS: 0 })).toBe(one);
});
