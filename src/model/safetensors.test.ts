// Reading and writing safetensors: what goes in comes out, and each kind of damage is refused by its code.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { floatsFromHalves, halfFromNumber, halvesFromFloats, numberFromHalf } from './half.ts';
import { parse, SafetensorsError, serialize, type StoredTensor } from './safetensors.ts';

/** A file with the given header text and a number of zero bytes of data. */
function fileWith(header: unknown, dataBytes: number): ArrayBuffer {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + text.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  return file.buffer;
}

function codeOf(file: ArrayBuffer | Uint8Array): string {
  try {
    parse(file);
  } catch (error) {
    if (error instanceof SafetensorsError) return error.code;
    throw error;
  }
  return 'accepted';
}

const entry = (begin: number, end: number, shape: unknown = [(end - begin) / 4], dtype = 'F32') =>
  ({ dtype, shape, data_offsets: [begin, end] });

describe('safetensors', () => {
  test('every type survives writing and reading', () => {
    const file = serialize([
      ['bytes', { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 255) }],
      ['halves', { dtype: 'F16', shape: [1, 2], data: halvesFromFloats([0.5, -2]) }],
      ['floats', { dtype: 'F32', shape: [2, 1], data: Float32Array.of(1.5, -7e9) }],
      ['whole', { dtype: 'I32', shape: [], data: Int32Array.of(-5) }],
      ['wide', { dtype: 'I64', shape: [1], data: BigInt64Array.of(-(2n ** 40n)) }],
      ['empty', { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) }],
    ], { seed: '7' });
    const { tensors, metadata } = parse(file);
    expect(metadata).toEqual({ seed: '7' });
    expect(tensors.get('bytes')).toEqual({ dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 255) });
    expect(tensors.get('floats')?.data).toEqual(Float32Array.of(1.5, -7e9));
    expect(tensors.get('whole')?.shape).toEqual([]);
    expect(tensors.get('wide')?.data).toEqual(BigInt64Array.of(-(2n ** 40n)));
    expect(tensors.get('empty')?.data.length).toBe(0);
    const halves = tensors.get('halves')?.data;
    expect(halves instanceof Uint16Array && [...floatsFromHalves(halves)]).toEqual([0.5, -2]);
  });

  test('reads tensors that are not aligned', () => {
    const file = new Uint8Array(fileWith({ a: entry(0, 1, [1], 'U8'), b: entry(1, 9) }, 9));
    new DataView(file.buffer).setFloat32(file.length - 8, 2.5, true);
    expect(parse(file).tensors.get('b')?.data).toEqual(Float32Array.of(2.5, 0));
  });

  test.each([
    ['truncated', new ArrayBuffer(3)],
    ['truncated', fileWith('{}', 0).slice(0, 9)],
    ['header-too-large', new Uint8Array(64).fill(255).buffer],
    ['header-not-json', fileWith('{"a":', 0)],
    ['header-malformed', fileWith('[]', 0)],
    ['header-malformed', fileWith({ a: 3 }, 0)],
    ['header-malformed', fileWith({ __metadata__: { a: 1 } }, 0)],
    ['bad-name', fileWith({ '': entry(0, 4) }, 4)],
    ['unknown-dtype', fileWith({ a: entry(0, 4, [1], 'BF16') }, 4)],
    ['unknown-dtype', fileWith({ a: entry(0, 4, [1], 'toString') }, 4)],
    ['bad-shape', fileWith({ a: entry(0, 4, [-1]) }, 4)],
    ['bad-shape', fileWith({ a: entry(0, 4, [1.5]) }, 4)],
    ['bad-shape', fileWith({ a: entry(0, 4, Array.from({ length: 9 }, () => 1)) }, 4)],
    ['bad-offsets', fileWith({ a: entry(0, 8) }, 4)],
    ['bad-offsets', fileWith({ a: entry(4, 0, [1]) }, 4)],
    ['size-mismatch', fileWith({ a: entry(0, 4, [2]) }, 4)],
    ['size-mismatch', fileWith({ a: entry(0, 4, [2 ** 40, 2 ** 40]) }, 4)],
    ['overlap', fileWith({ a: entry(0, 8), b: entry(4, 12) }, 12)],
    ['hole', fileWith({ a: entry(0, 4), b: entry(8, 12) }, 12)],
    ['trailing-bytes', fileWith({ a: entry(0, 4) }, 6)],
    ['too-many-tensors', fileWith(Object.fromEntries(
      Array.from({ length: 4097 }, (_, i) => [`t${i}`, entry(0, 0)])), 0)],
  ])('refuses with %s', (code, file) => {
    expect(codeOf(file)).toBe(code);
  });

  test('any damage is refused by a SafetensorsError or leaves a readable file', () => {
    const whole = serialize([['a', { dtype: 'F32', shape: [4], data: new Float32Array(4) }]]);
    const place = fc.nat(whole.length - 1);
    fc.assert(fc.property(place, fc.nat(255), fc.nat(whole.length), (at, value, length) => {
      const damaged = whole.slice(0, length);
      if (at < length) damaged[at] = value;
      expect(typeof codeOf(damaged)).toBe('string');
    }), { numRuns: 300 });
  });

  test('does not write what it would not read', () => {
    const data = new Float32Array(2);
    expect(() => serialize([['a', { dtype: 'F32', shape: [3], data }]])).toThrow(SafetensorsError);
    expect(() => serialize([['a', { dtype: 'F16', shape: [2], data }]])).toThrow(SafetensorsError);
    const twice: [string, StoredTensor] = ['a', { dtype: 'F32', shape: [2], data }];
    expect(() => serialize([twice, twice])).toThrow('Two tensors');
  });
});

describe('half precision', () => {
  test('all 65536 patterns survive, apart from which NaN it is', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = numberFromHalf(bits);
      if (Number.isNaN(value)) expect(bits & 0x7c00).toBe(0x7c00);
      else if (halfFromNumber(value) !== bits) throw new Error(`${bits} became ${halfFromNumber(value)}`);
    }
  });

  test('rounds to nearest, ties to even', () => {
    expect(halfFromNumber(1 + 2 ** -11)).toBe(0x3c00);
    expect(halfFromNumber(1 + 3 * 2 ** -11)).toBe(0x3c02);
    expect(halfFromNumber(65519)).toBe(0x7bff);
    expect(halfFromNumber(65520)).toBe(0x7c00);
    expect(halfFromNumber(2 ** -25)).toBe(0);
    expect(halfFromNumber(2 ** -25 * 1.01)).toBe(1);
    expect(Object.is(numberFromHalf(halfFromNumber(-0)), -0)).toBe(true);
    expect(numberFromHalf(halfFromNumber(-Infinity))).toBe(-Infinity);
  });
});
