// Reading and writing safetensors files (https://huggingface.co/docs/safetensors): 8 bytes of header length,
// a JSON header, then the tensors' bytes, little-endian. A file is checked whole before anything is
// allocated: a file from a stranger is refused with a sentence that says what is wrong. It does not keep the
// order of keys.

export type DataType = 'F32' | 'F16' | 'U8' | 'I32' | 'I64';
/** F16 data are the 16 bits of each number: see half.ts. */
export type TensorData = Float32Array | Uint16Array | Uint8Array | Int32Array | BigInt64Array;

export interface StoredTensor {
  dtype: DataType;
  shape: number[];
  data: TensorData;
}

export interface Safetensors {
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
}

export type SafetensorsErrorCode =
  'truncated' | 'header-too-large' | 'header-not-json' | 'header-malformed' | 'too-many-tensors' |
  'bad-name' | 'unknown-dtype' | 'bad-shape' | 'bad-offsets' | 'size-mismatch' | 'overlap' | 'hole' | 'trailing-bytes';

/** A file that is not acceptable, with a code for programs and a sentence for people. */
export class SafetensorsError extends Error {
  readonly code: SafetensorsErrorCode;

  constructor(code: SafetensorsErrorCode, message: string) {
    super(message);
    this.name = 'SafetensorsError';
    this.code = code;
  }
}

const bytesOf: Record<DataType, number> = { F32: 4, F16: 2, U8: 1, I32: 4, I64: 8 };
const headerLimit = 4 * 1024 * 1024;
const tensorLimit = 4096;
const rankLimit = 8;
const nameLimit = 256;

interface Entry {
  name: string;
  dtype: DataType;
  shape: number[];
  begin: number;
  end: number;
}

function refuse(code: SafetensorsErrorCode, message: string): never {
  throw new SafetensorsError(code, message);
}

function isDataType(value: unknown): value is DataType {
  return typeof value === 'string' && Object.hasOwn(bytesOf, value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkName(name: string): void {
  if (name.length === 0 || name.length > nameLimit) {
    refuse('bad-name', `A tensor's name must have 1 to ${nameLimit} characters, one has ${name.length}.`);
  }
}

function readEntry(name: string, value: unknown, dataBytes: number): Entry {
  checkName(name);
  if (!isRecord(value)) refuse('header-malformed', `The header's entry for "${name}" is not an object.`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDataType(dtype)) {
    const known = Object.keys(bytesOf).join(', ');
    refuse('unknown-dtype', `"${name}" has the type ${JSON.stringify(dtype)}; known are ${known}.`);
  }
  if (!Array.isArray(shape) || shape.length > rankLimit || !shape.every(isCount)) {
    refuse('bad-shape', `"${name}" has no valid shape (at most ${rankLimit} whole numbers).`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    refuse('bad-offsets', `"${name}" has no valid data_offsets (two whole numbers).`);
  }
  const dimensions = shape.map(Number);
  const [begin, end] = offsets.map(Number);
  if (begin > end || end > dataBytes) {
    refuse('bad-offsets', `"${name}" lies at bytes ${begin} .. ${end} of only ${dataBytes} bytes of data.`);
  }
  const bytes = dimensions.reduce((product, size) => product * size, bytesOf[dtype]);
  if (bytes !== end - begin) {
    const shown = dimensions.join(', ');
    refuse('size-mismatch', `"${name}" of shape [${shown}] needs ${bytes} bytes, it has ${end - begin}.`);
  }
  return { name, dtype, shape: dimensions, begin, end };
}

function readMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value)) refuse('header-malformed', 'The header\'s __metadata__ is not an object.');
  const metadata: Record<string, string> = {};
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') refuse('header-malformed', `The metadata "${key}" is not a text.`);
    metadata[key] = text;
  }
  return metadata;
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; start: number } {
  if (bytes.byteLength < 8) {
    refuse('truncated', `A safetensors file has at least 8 bytes, this has ${bytes.byteLength}.`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(headerLimit)) {
    refuse(
      'header-too-large',
      `The header claims ${length} bytes, at most ${headerLimit} are accepted. Not a safetensors file?`,
    );
  }
  const start = 8 + Number(length);
  if (start > bytes.byteLength) {
    refuse('truncated', `The header needs ${start} bytes, the file has only ${bytes.byteLength}.`);
  }
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, start)));
  } catch {
    refuse('header-not-json', 'The header is not valid JSON. Not a safetensors file?');
  }
  if (!isRecord(header)) refuse('header-malformed', 'The header is not a JSON object.');
  return { header, start };
}

function checkLayout(entries: Entry[], dataBytes: number): void {
  const ordered = entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  let reached = 0;
  let last = 'the start of the data';
  for (const { name, begin, end } of ordered) {
    if (begin < reached) refuse('overlap', `"${name}" overlaps ${last}.`);
    if (begin > reached) {
      refuse('hole', `${begin - reached} bytes between ${last} and "${name}" belong to no tensor.`);
    }
    reached = end;
    last = `"${name}"`;
  }
  if (reached < dataBytes) {
    refuse('trailing-bytes', `${dataBytes - reached} bytes after ${last} belong to no tensor.`);
  }
}

function viewOf(entry: Entry, bytes: Uint8Array, start: number): TensorData {
  const width = bytesOf[entry.dtype];
  const length = (entry.end - entry.begin) / width;
  let offset = bytes.byteOffset + start + entry.begin;
  let { buffer } = bytes;
  if (offset % width !== 0) {
    // Typed arrays need aligned starts: only a tensor that breaks this is copied.
    buffer = buffer.slice(offset, offset + length * width);
    offset = 0;
  }
  switch (entry.dtype) {
    case 'F32':
      return new Float32Array(buffer, offset, length);
    case 'F16':
      return new Uint16Array(buffer, offset, length);
    case 'U8':
      return new Uint8Array(buffer, offset, length);
    case 'I32':
      return new Int32Array(buffer, offset, length);
    case 'I64':
      return new BigInt64Array(buffer, offset, length);
  }
}

/**
 * Reads a file. Tensors are views into `file` wherever alignment allows.
 * @throws SafetensorsError when anything is wrong with it
 */
export function parse(file: ArrayBuffer | Uint8Array): Safetensors {
  const bytes = file instanceof Uint8Array ? file : new Uint8Array(file);
  const { header, start } = readHeader(bytes);
  const names = Object.keys(header).filter((name) => name !== '__metadata__');
  if (names.length > tensorLimit) {
    refuse('too-many-tensors', `The file lists ${names.length} tensors, at most ${tensorLimit} are accepted.`);
  }
  const metadata = readMetadata(header.__metadata__);
  const dataBytes = bytes.byteLength - start;
  const entries = names.map((name) => readEntry(name, header[name], dataBytes));
  checkLayout(entries, dataBytes);
  const tensors = new Map<string, StoredTensor>();
  for (const entry of entries) {
    tensors.set(entry.name, { dtype: entry.dtype, shape: entry.shape, data: viewOf(entry, bytes, start) });
  }
  return { tensors, metadata };
}

/**
 * Writes a file. Wider types come first, so that every tensor is aligned.
 * @throws SafetensorsError when a name, a shape or a type does not fit its data
 */
export function serialize(
  tensors: Iterable<readonly [string, StoredTensor]>, metadata: Record<string, string> = {},
): Uint8Array<ArrayBuffer> {
  const list = [...tensors].toSorted(([a, x], [b, y]) =>
    bytesOf[y.dtype] - bytesOf[x.dtype] || (a < b ? -1 : a > b ? 1 : 0));
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let reached = 0;
  for (const [name, tensor] of list) {
    checkName(name);
    if (Object.hasOwn(header, name) || name === '__metadata__' || name === '__proto__') {
      refuse('bad-name', `Two tensors are named "${name}", or the name is reserved.`);
    }
    const { dtype, shape, data } = tensor;
    const width = data.BYTES_PER_ELEMENT;
    if (width !== bytesOf[dtype]) {
      refuse('unknown-dtype', `"${name}" is stored as ${dtype}, but its data has ${width} bytes a number.`);
    }
    if (!shape.every(isCount) || shape.length > rankLimit) {
      refuse('bad-shape', `"${name}" has no valid shape.`);
    }
    if (shape.reduce((product, size) => product * size, 1) !== data.length) {
      const shown = shape.join(', ');
      refuse('size-mismatch', `"${name}" of shape [${shown}] does not hold ${data.length} numbers.`);
    }
    header[name] = { dtype, shape, data_offsets: [reached, reached + data.byteLength] };
    reached += data.byteLength;
  }
  const text = JSON.stringify(header);
  const encoded = new TextEncoder().encode(text);
  const padded = Math.ceil(encoded.length / 8) * 8;
  const file = new Uint8Array(8 + padded + reached);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.fill(0x20, 8, 8 + padded);
  file.set(encoded, 8);
  let offset = 8 + padded;
  for (const [, { data }] of list) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return file;
}
