// The forward benchmarks in onnxruntime-web (webgpu and wasm): a graph whose inputs and outputs are on the CPU, so that
// a run takes them there and back. Inference only: it has no gradients in browsers.
//
// A graph is written as the Protocol Buffers message that ONNX defines (onnx/onnx.proto), of which this knows what
// the benchmarks need.

import { env, InferenceSession, Tensor } from 'onnxruntime-web/webgpu';
import wasmAddress from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import protobuf from 'protobufjs/light.js';
import type { Data } from './jax.ts';
import { largestDifference } from './work.ts';
import type { Implementation } from './work.ts';

/** An operator by name, its domain ('' is ONNX's own), its whole-number attributes and those that are not. */
export interface Operator {
  readonly name: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
  readonly floats?: Readonly<Record<string, number>>;
}

/** What a graph holds: f32 values, or whole numbers. */
type Constant = Data | { readonly values: readonly number[]; readonly shape: readonly number[] };

const devices = ['webgpu', 'wasm'] as const;
/** Of ONNX's own operators, and of com.microsoft's. */
const opsets = { '': 21, 'com.microsoft': 1 };
/** Numbers of ONNX's enumerations. */
const elementTypes = { float32: 1, int64: 7 };
const attributeTypes = { float: 1, int: 2, ints: 7 };

const schema = protobuf.Root.fromJSON({
  nested: {
    Model: { fields: {
      irVersion: { id: 1, type: 'int64' }, graph: { id: 7, type: 'Graph' },
      opsetImport: { id: 8, type: 'Opset', rule: 'repeated' } } },
    Opset: { fields: { domain: { id: 1, type: 'string' }, version: { id: 2, type: 'int64' } } },
    Graph: { fields: {
      node: { id: 1, type: 'Node', rule: 'repeated' }, name: { id: 2, type: 'string' },
      initializer: { id: 5, type: 'Tensor', rule: 'repeated' },
      input: { id: 11, type: 'Value', rule: 'repeated' }, output: { id: 12, type: 'Value', rule: 'repeated' } } },
    Node: { fields: {
      input: { id: 1, type: 'string', rule: 'repeated' }, output: { id: 2, type: 'string', rule: 'repeated' },
      opType: { id: 4, type: 'string' }, attribute: { id: 5, type: 'Attribute', rule: 'repeated' },
      domain: { id: 7, type: 'string' } } },
    Attribute: { fields: {
      name: { id: 1, type: 'string' }, f: { id: 2, type: 'float' }, i: { id: 3, type: 'int64' },
      ints: { id: 8, type: 'int64', rule: 'repeated', options: { packed: false } }, type: { id: 20, type: 'int32' } } },
    Tensor: { fields: {
      dims: { id: 1, type: 'int64', rule: 'repeated', options: { packed: false } }, dataType: { id: 2, type: 'int32' },
      name: { id: 8, type: 'string' }, rawData: { id: 9, type: 'bytes' } } },
    Value: { fields: { name: { id: 1, type: 'string' }, type: { id: 2, type: 'Type' } } },
    Type: { fields: { tensorType: { id: 1, type: 'TensorType' } } },
    TensorType: { fields: { elemType: { id: 1, type: 'int32' }, shape: { id: 2, type: 'Shape' } } },
    Shape: { fields: { dim: { id: 1, type: 'Dimension', rule: 'repeated' } } },
    Dimension: { fields: { dimValue: { id: 1, type: 'int64' } } },
  },
});

function value(name: string, shape: readonly number[]) {
  const dim = shape.map((dimValue) => ({ dimValue }));
  return { name, type: { tensorType: { elemType: elementTypes.float32, shape: { dim } } } };
}

/** Little-endian bytes, which is what ONNX and every machine with a browser have. */
function bytesOf(values: Constant['values']): Uint8Array {
  const array = values instanceof Float32Array ? values : BigInt64Array.from(values, BigInt);
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** A graph as it is written: a node after those whose outputs it takes. Values go by names. */
export class OnnxGraph {
  private readonly nodes: object[] = [];
  private readonly initializers: object[] = [];
  private readonly inputs: object[] = [];

  private newName(): string {
    return `value${this.nodes.length + this.initializers.length + this.inputs.length}`;
  }

  /** The inputs are fed in the order in which they are asked for. */
  input(shape: readonly number[]): string {
    const name = `input${this.inputs.length}`;
    this.inputs.push(value(name, shape));
    return name;
  }

  constant({ values, shape }: Constant): string {
    const name = this.newName();
    const dataType = values instanceof Float32Array ? elementTypes.float32 : elementTypes.int64;
    this.initializers.push({ name, dims: shape, dataType, rawData: bytesOf(values) });
    return name;
  }

  /** Outputs of an operator, of which it has as many as are asked for. */
  many({ name, domain = '', attributes = {}, floats = {} }: Operator, inputs: readonly string[], count: number): string[] {
    const first = this.newName();
    const output = Array.from({ length: count }, (_, i) => (count === 1 ? first : `${first}.${i}`));
    const attribute = [
      ...Object.entries(attributes).map(([of, given]) => (typeof given === 'number'
        ? { name: of, i: given, type: attributeTypes.int } : { name: of, ints: given, type: attributeTypes.ints })),
      ...Object.entries(floats).map(([of, given]) => ({ name: of, f: given, type: attributeTypes.float })),
    ];
    this.nodes.push({ input: inputs, output, opType: name, domain, attribute });
    return output;
  }

  /** The one output of an operator. */
  add(operator: Operator, ...inputs: string[]): string {
    return this.many(operator, inputs, 1)[0];
  }

  /** The file, with `output` for what the graph computes. */
  bytes(output: string, shape: readonly number[]): Uint8Array {
    const model = schema.lookupType('Model');
    return model.encode(model.create({
      irVersion: 10,
      opsetImport: Object.entries(opsets).map(([domain, version]) => ({ domain, version })),
      graph: {
        name: 'benchmark', node: this.nodes, initializer: this.initializers, input: this.inputs,
        output: [value(output, shape)],
      },
    })).finish();
  }
}

/**
 * Attention of [B, L, N D] by N heads, written out: onnxruntime-web 1.30's own (MultiHeadAttention) is wrong on WebGPU by
 * SwiftShader, though right on wasm.
 */
export function onnxAttention(
  graph: OnnxGraph, query: string, key: string, value: string, [batch, length, width]: readonly number[], heads: number,
): string {
  const whole = (values: number[]): string => graph.constant({ values, shape: [values.length] });
  const byHeads = (x: string, perm: number[]): string => graph.add(
    { name: 'Transpose', attributes: { perm } },
    graph.add({ name: 'Reshape' }, x, whole([batch, length, heads, width / heads])));
  const scale = graph.constant({ values: Float32Array.of(Math.sqrt(heads / width)), shape: [1] });
  const scores = graph.add(
    { name: 'MatMul' }, graph.add({ name: 'Mul' }, byHeads(query, [0, 2, 1, 3]), scale), byHeads(key, [0, 2, 3, 1]));
  const weights = graph.add({ name: 'Softmax', attributes: { axis: -1 } }, scores);
  const mixed = graph.add({ name: 'MatMul' }, weights, byHeads(value, [0, 2, 1, 3]));
  const byTokens = graph.add({ name: 'Transpose', attributes: { perm: [0, 2, 1, 3] } }, mixed);
  return graph.add({ name: 'Reshape' }, byTokens, whole([batch, length, width]));
}

/**
 * Contestants on both devices for what `build` makes of the inputs, given the graph and their names in it: the name of
 * the output.
 */
export function onnxContestants(
  build: (graph: OnnxGraph, ...inputs: string[]) => string, inputs: readonly Data[],
  expected: { values: ArrayLike<number>; shape: readonly number[]; allowedError: number },
): Implementation[] {
  env.wasm.wasmPaths = { wasm: wasmAddress };
  env.logLevel = 'error';
  const model = (): Uint8Array => {
    const graph = new OnnxGraph();
    const output = build(graph, ...inputs.map(({ shape }) => graph.input(shape)));
    return graph.bytes(output, expected.shape);
  };
  return devices.map((device) => {
    const feeds = Object.fromEntries(inputs.map(({ values, shape }, i) =>
      [`input${i}`, new Tensor('float32', values, shape)]));
    let session: Promise<InferenceSession> | undefined;
    const call = async () => {
      session ??= InferenceSession.create(model(), {
        executionProviders: [device],
        // What the GPU cannot do is not done elsewhere under its name.
        ...(device === 'webgpu' && { extra: { session: { disable_cpu_ep_fallback: '1' } } }),
      });
      const open = await session;
      return (await open.run(feeds))[open.outputNames[0]];
    };
    return {
      name: `onnx-${device}`,
      backend: device,
      allowedError: expected.allowedError,
      async run() {
        (await call()).dispose();
      },
      async check() {
        const output = await call();
        const error = largestDifference(output.data as Float32Array, expected.values);
        output.dispose();
        return error;
      },
      dispose() {
        void session?.then((open) => open.release());
      },
    };
  });
}
