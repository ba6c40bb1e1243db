// The kernels' forward benchmarks in onnxruntime-web (webgpu and wasm): a graph of one node, whose inputs and outputs
// are on the CPU, so that a run takes them there and back. Inference only: it has no gradients in browsers.
//
// A graph is written as the Protocol Buffers message that ONNX defines (onnx/onnx.proto), of which this knows what
// one node needs.

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

const devices = ['webgpu', 'wasm'] as const;
/** Of ONNX's own operators, and of com.microsoft's. */
const opsets = { '': 21, 'com.microsoft': 1 };
/** Numbers of ONNX's enumerations. */
const float32 = 1;
const attributeTypes = { float: 1, int: 2, ints: 7 };

const schema = protobuf.Root.fromJSON({
  nested: {
    Model: { fields: {
      irVersion: { id: 1, type: 'int64' }, graph: { id: 7, type: 'Graph' },
      opsetImport: { id: 8, type: 'Opset', rule: 'repeated' } } },
    Opset: { fields: { domain: { id: 1, type: 'string' }, version: { id: 2, type: 'int64' } } },
    Graph: { fields: {
      node: { id: 1, type: 'Node', rule: 'repeated' }, name: { id: 2, type: 'string' },
      input: { id: 11, type: 'Value', rule: 'repeated' }, output: { id: 12, type: 'Value', rule: 'repeated' } } },
    Node: { fields: {
      input: { id: 1, type: 'string', rule: 'repeated' }, output: { id: 2, type: 'string', rule: 'repeated' },
      opType: { id: 4, type: 'string' }, attribute: { id: 5, type: 'Attribute', rule: 'repeated' },
      domain: { id: 7, type: 'string' } } },
    Attribute: { fields: {
      name: { id: 1, type: 'string' }, f: { id: 2, type: 'float' }, i: { id: 3, type: 'int64' },
      ints: { id: 8, type: 'int64', rule: 'repeated', options: { packed: false } }, type: { id: 20, type: 'int32' } } },
    Value: { fields: { name: { id: 1, type: 'string' }, type: { id: 2, type: 'Type' } } },
    Type: { fields: { tensorType: { id: 1, type: 'TensorType' } } },
    TensorType: { fields: { elemType: { id: 1, type: 'int32' }, shape: { id: 2, type: 'Shape' } } },
    Shape: { fields: { dim: { id: 1, type: 'Dimension', rule: 'repeated' } } },
    Dimension: { fields: { dimValue: { id: 1, type: 'int64' } } },
  },
});

function value(name: string, shape: readonly number[]) {
  return { name, type: { tensorType: { elemType: float32, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } } };
}

/** The model of one node, from inputs of these shapes to one output. */
function modelOf(
  { name, domain = '', attributes = {}, floats = {} }: Operator, shapes: readonly (readonly number[])[], output: readonly number[],
): Uint8Array {
  const inputs = shapes.map((_, i) => `input${i}`);
  const attribute = [
    ...Object.entries(attributes).map(([of, given]) => (typeof given === 'number'
      ? { name: of, i: given, type: attributeTypes.int } : { name: of, ints: given, type: attributeTypes.ints })),
    ...Object.entries(floats).map(([of, given]) => ({ name: of, f: given, type: attributeTypes.float })),
  ];
  const model = schema.lookupType('Model');
  return model.encode(model.create({
    irVersion: 10,
    opsetImport: Object.entries(opsets).map(([of, version]) => ({ domain: of, version })),
    graph: {
      name,
      node: [{ input: inputs, output: ['output'], opType: name, domain, attribute }],
      input: shapes.map((shape, i) => value(inputs[i], shape)), output: [value('output', output)],
    },
  })).finish();
}

/** Contestants for one operator on both devices. */
export function onnxContestants(
  operator: Operator, inputs: readonly Data[], expected: { values: ArrayLike<number>; shape: readonly number[] },
): Implementation[] {
  env.wasm.wasmPaths = { wasm: wasmAddress };
  env.logLevel = 'error';
  return devices.map((device) => {
    const feeds = Object.fromEntries(inputs.map(({ values, shape }, i) =>
      [`input${i}`, new Tensor('float32', values, shape)]));
    let session: Promise<InferenceSession> | undefined;
    const call = async () => {
      session ??= InferenceSession.create(modelOf(operator, inputs.map(({ shape }) => shape), expected.shape), {
        executionProviders: [device],
        // What the GPU cannot do is not done elsewhere under its name.
        ...(device === 'webgpu' && { extra: { session: { disable_cpu_ep_fallback: '1' } } }),
      });
      const { output } = await (await session).run(feeds);
      return output;
    };
    return {
      name: `onnx-${device}`,
      backend: device,
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
