// Benchmarks of the generator, one block of it and the whole: ours captured and replayed as the studio does it, beside
// the same network in stock tfjs operations, in jax-js and in onnxruntime-web. Two clips at one flow time, as the
// sampler asks for them; no adapter.

import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { capture } from '../src/engine/capture.ts';
import type { Capture } from '../src/engine/capture.ts';
import { normalArray } from '../src/math/normal.ts';
import { domainIds, latentShape } from '../src/model/config.ts';
import type { ModelConfig } from '../src/model/config.ts';
import { physicsTokenCount } from '../src/model/parameters.ts';
import { rotaryTables } from '../src/model/rotary-positions.ts';
import { blockModulation, settled, timeFeatures, transformerBlock, velocity } from '../src/model/video-transformer.ts';
import type { RotaryTensors } from '../src/model/video-transformer.ts';
import type { ModelFile } from '../src/model/weights.ts';
import { jaxContestants } from './jax.ts';
import type { Data, Forward } from './jax.ts';
import { JaxModel } from './jax-model.ts';
import { onnxContestants } from './onnx.ts';
import { OnnxModel } from './onnx-model.ts';
import { countOperations, withStockKernels } from './stock-kernels.ts';
import { largestDifference, largestValue } from './work.ts';
import type { BackendName, Implementation, Prepared } from './work.ts';

const batch = 2;

/** What is computed from the inputs, weights and rotary tables among them. */
type Network = (inputs: Tensor[]) => Tensor[];

interface Reference {
  readonly expected: Float32Array[];
  /** Of the largest output. */
  readonly allowedError: number;
  readonly operations: number;
}

const tensorsOf = (inputs: readonly Data[]): Tensor[] => inputs.map(({ values, shape }) => tf.tensor(values, [...shape]));

function normal(stream: number, shape: readonly number[]): Data {
  return { values: normalArray(1, stream, shape.reduce((product, size) => product * size, 1)), shape };
}

async function valuesOf(outputs: readonly Tensor[]): Promise<Float32Array[]> {
  return Promise.all(outputs.map((output) => output.data<'float32'>()));
}

/** What f32 explains through every layer, as a share of an output's largest value. */
const allowedShare = 1e-4;

/** The largest difference of any output; infinite where one is off by more than its own size allows. */
function largestError(actual: readonly Float32Array[], expected: readonly Float32Array[]): number {
  const errors = actual.map((values, i) => {
    const error = largestDifference(values, expected[i]);
    return error <= allowedShare * largestValue(expected[i]) ? error : Infinity;
  });
  return Math.max(...errors);
}

/** Ours on a backend, captured at first use. */
function ours(
  name: string, backend: BackendName, network: Network, inputs: readonly Data[], { expected, allowedError }: Reference,
): Implementation {
  let made: { tensors: Tensor[]; captured: Capture<Tensor[]> } | undefined;
  const open = () => {
    if (made === undefined) {
      const tensors = tensorsOf(inputs);
      made = { tensors, captured: capture(name, tensors, () => network(tensors)) };
    }
    return made;
  };
  return {
    name,
    backend,
    allowedError,
    run: () => open().captured.replay(),
    check: async () => largestError(await valuesOf(open().captured.outputs), expected),
    captureBytes: () => open().captured.bytes,
    dispose() {
      if (made === undefined) return;
      made.captured.dispose();
      tf.dispose(made.tensors);
    },
  };
}

/** Stock tfjs on a backend, eager. */
function stock(
  backend: BackendName, network: Network, inputs: readonly Data[], { expected, allowedError }: Reference,
): Implementation {
  let made: Tensor[] | undefined;
  const outputs = (): Tensor[] => {
    const tensors = (made ??= tensorsOf(inputs));
    return tf.tidy(() => withStockKernels(() => network(tensors)));
  };
  return {
    name: `tfjs-${backend}`,
    backend,
    allowedError,
    run: () => tf.dispose(outputs()),
    async check() {
      const all = outputs();
      const error = largestError(await valuesOf(all), expected);
      tf.dispose(all);
      return error;
    },
    dispose() {
      if (made !== undefined) tf.dispose(made);
    },
  };
}

/** What stock tfjs makes of the inputs on the active backend, and the operations that it takes in our kernels. */
async function reference(network: Network, inputs: readonly Data[]): Promise<Reference> {
  const tensors = tensorsOf(inputs);
  const outputs = tf.tidy(() => withStockKernels(() => network(tensors)));
  const expected = await valuesOf(outputs);
  const operations = countOperations(() => tf.dispose(tf.tidy(() => network(tensors))));
  tf.dispose([...outputs, ...tensors]);
  return { expected, allowedError: allowedShare * Math.max(...expected.map(largestValue)), operations };
}

/** Weights by name from tensors or arrays in the order of the names. */
const byName = <T>(names: readonly string[], values: readonly T[]): Map<string, T> =>
  new Map(names.map((name, i) => [name, values[i]]));

/** A model's parameters whose names match. */
function parametersOf({ parameters }: ModelFile, pattern: RegExp): { names: string[]; data: Data[] } {
  const kept = [...parameters].filter(([name]) => pattern.test(name));
  return { names: kept.map(([name]) => name), data: kept.map(([, data]) => data) };
}

/** Rotary tables [L, D/2]: cosines, sines. */
function rotaryData(config: ModelConfig): { turns: Data[]; length: number } {
  const { cos, sin, length, pairs } = rotaryTables(config);
  return { turns: [cos, sin].map((values) => ({ values, shape: [length, pairs] })), length };
}

const rotaryOf = ([cos, sin]: Tensor[]): RotaryTensors => ({ cos: cos as tf.Tensor2D, sin: sin as tf.Tensor2D });

/** The first block; backwards to its input, the modulation and its weights. */
export async function blockWork(file: ModelFile, size: string, withGradients: boolean): Promise<Prepared> {
  const { config } = file;
  const { width, heads } = config.transformer;
  const { turns, length } = rotaryData(config);
  const { names, data } = parametersOf(file, /^transformer\.block_0\./);
  const moving = [normal(0, [batch, length, width]), normal(1, [batch, 6 * width]), ...data];
  const inputs = [...moving, ...turns];
  const dy = normal(2, [batch, length, width]);
  const network: Network = (tensors) => {
    const rotary = rotaryOf(tensors.slice(moving.length));
    const forward = (x: Tensor, shared: Tensor, ...rest: Tensor[]): Tensor => {
      const weights = byName(names, rest);
      return settled(transformerBlock(config, weights, 0, { x }, blockModulation(weights, 0, shared), { rotary }));
    };
    const [x, shared, ...weights] = tensors.slice(0, moving.length);
    if (!withGradients) return [forward(x, shared, ...weights)];
    const { value, grads } = tf.valueAndGrads((...all) => forward(all[0], all[1], ...all.slice(2)))(
      [x, shared, ...weights], tensors[inputs.length]);
    return [value, ...grads];
  };
  const given = withGradients ? [...inputs, dy] : inputs;
  const made = await reference(network, given);
  const inJax: Forward = (x, shared, ...rest) => {
    const weights = Object.fromEntries(byName(names, rest));
    const [cos, sin] = rest.slice(names.length).map((turn) => turn.reshape([length, 1, turn.shape[1]]));
    const y = new JaxModel(config, weights, null).block(0, x, shared, cos, sin);
    Object.values(weights).forEach((weight) => weight.dispose());
    return y;
  };
  return {
    shape: `${size}, ${batch} x ${length} tokens of ${width}, ${heads} heads`,
    operations: made.operations,
    implementations: [
      ours('ours', 'webgpu', network, given, made), stock('webgpu', network, given, made),
      ours('ours-wasm', 'wasm', network, given, made), stock('wasm', network, given, made),
      ...jaxContestants(inJax, inputs, made.expected, made.allowedError, withGradients ? dy : undefined, turns.length),
      ...(withGradients ? [] : onnxContestants(
        (graph, x, shared) => new OnnxModel(graph, file, batch).block(0, x, shared), inputs.slice(0, 2),
        { values: made.expected[0], shape: inputs[0].shape, allowedError: made.allowedError })),
    ],
  };
}

/** The whole generator: velocities of two clips. */
export async function generatorWork(file: ModelFile, size: string): Promise<Prepared> {
  const { config } = file;
  const { width, timeWidth } = config.transformer;
  const { generated, height, width: across, channels } = latentShape(config);
  const { turns, length } = rotaryData(config);
  const { names, data } = parametersOf(file, /^transformer\.(?!domain)/);
  const domains = file.parameters.get('transformer.domain')!.values;
  const noisy = normal(0, [batch, generated, height, across, channels]);
  const imageLatent = normal(1, [1, 1, height, across, channels]);
  const physics = normal(2, [1, physicsTokenCount(config), width]);
  const domain: Data = { values: domains.slice(domainIds.rigid * width, (domainIds.rigid + 1) * width), shape: [width] };
  const time: Data = { values: timeFeatures([0.5, 0.5], timeWidth), shape: [batch, timeWidth] };
  const conditions = [noisy, imageLatent, physics, domain, time];
  const inputs = [...conditions, ...data, ...turns];
  const network: Network = ([z, image, tokens, own, features, ...rest]) => {
    const every = (x: Tensor, shape: number[]): Tensor => tf.tile(tf.reshape(x, [1, ...shape]), [batch, ...shape.map(() => 1)]);
    return [velocity(config, byName(names, rest), {
      noisy: z, imageLatent: every(image, [height, across, channels]), physics: every(tokens, physics.shape.slice(1)),
      domain: every(own, [1, width]), time: features, rotary: rotaryOf(rest.slice(names.length)),
    })];
  };
  const made = await reference(network, inputs);
  const inJax: Forward = (...arrays) => {
    const [z, image, tokens, own, features, ...rest] = arrays;
    const weights = Object.fromEntries(byName(names, rest));
    const [cosines, sines] = rest.slice(names.length);
    const y = new JaxModel(config, weights, null).velocity({
      noisy: z, imageLatent: image, physics: tokens, domain: own, time: features, cos: cosines, sin: sines,
    });
    Object.values(weights).forEach((weight) => weight.dispose());
    return y;
  };
  return {
    shape: `${size}, ${batch} clips, ${length} tokens of ${width}`,
    operations: made.operations,
    implementations: [
      ours('ours', 'webgpu', network, inputs, made), stock('webgpu', network, inputs, made),
      ours('ours-wasm', 'wasm', network, inputs, made), stock('wasm', network, inputs, made),
      ...jaxContestants(inJax, inputs, made.expected, made.allowedError),
      ...onnxContestants(
        (graph, ...named) => {
          const [z, image, tokens, own, features] = named;
          return new OnnxModel(graph, file, batch).velocity(z, image, tokens, own, features);
        },
        conditions, { values: made.expected[0], shape: noisy.shape, allowedError: made.allowedError }),
    ],
  };
}
