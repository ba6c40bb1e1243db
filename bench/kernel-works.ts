// Benchmarks of single kernels, forward and with gradients: ours beside the same arithmetic in stock
// tfjs-webgpu, on one device, in the layout each likes best.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import type { Tensor } from '@tensorflow/tfjs-core';
import { attention } from '../src/kernels/attention/kernel.ts';
import { attentionForward, attentionGradients } from '../src/kernels/attention/oracle.ts';
import { convolution } from '../src/kernels/convolution/kernel.ts';
import {
  convolutionFilterGradient,
  convolutionForward,
  convolutionInputGradient,
  convolutionShape,
} from '../src/kernels/convolution/oracle.ts';
import { linear } from '../src/kernels/linear/kernel.ts';
import { linearForward } from '../src/kernels/linear/oracle.ts';
import { layerNorm } from '../src/kernels/normalization/kernel.ts';
import {
  epsilon, layerNormForward, layerNormInputGradient, layerNormModulationGradients,
} from '../src/kernels/normalization/oracle.ts';
import { Random } from '../src/math/random.ts';
import {
  attention as jaxAttention, convolution as jaxConvolution, jaxContestants, layerNorm as jaxLayerNorm, matmul as jaxMatmul,
  permuted,
} from './jax.ts';
import { onnxAttention, onnxContestants } from './onnx.ts';
import { layerNorm as stockLayerNorm } from './stock-kernels.ts';
import { largestDifference, largestValue } from './work.ts';
import type { BackendName, Implementation, Prepared, Work } from './work.ts';

type Values = ArrayLike<number>;

function values(seed: number, count: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => random.uniform(-1, 1));
}

async function worst(actual: Tensor[], expected: Values[]): Promise<number> {
  let error = 0;
  for (const [i, want] of expected.entries()) {
    const got = await actual[i].data();
    if (got.length !== want.length) throw new Error(`${got.length} values, not ${want.length}.`);
    error = Math.max(error, largestDifference(got, want));
  }
  return error;
}

function valueWithGradients(work: (...x: Tensor[]) => Tensor, inputs: Tensor[], dy: Tensor): Tensor[] {
  const { value, grads } = tf.valueAndGrads(work)(inputs, dy);
  return [value, ...grads];
}

/** Makes the inputs on the active backend and returns the work on them. */
type Maker = () => () => Tensor[];

/**
 * What f32 explains in sums of so many terms: 2K units in the last place of the largest value, as the kernels' own
 * suites allow.
 */
function roundingOf(terms: number, expected: readonly Values[]): number {
  return 2 * terms * 2 ** -23 * Math.max(...expected.map(largestValue));
}

/** An implementation by what makes it; `terms` is the length of its longest sum. */
function implementation(
  name: string, backend: BackendName, make: Maker, expected: Values[], terms: number,
): Implementation {
  let made: (() => Tensor[]) | undefined;
  const work = (): (() => Tensor[]) => (made ??= make());
  return {
    name,
    backend,
    run() {
      const run = work();
      tf.tidy(() => void run());
    },
    async check() {
      const outputs = tf.tidy(work());
      const error = await worst(outputs, expected);
      tf.dispose(outputs);
      return error;
    },
    allowedError: roundingOf(terms, expected),
  };
}

/** Ours and stock tfjs, each with its reference. */
interface Contest {
  ours: Maker;
  stock: Maker;
  expected: Values[];
  /** Of stock tfjs where its layout or padding is another. */
  stockExpected?: Values[];
  terms: number;
  /** False where stock tfjs has no kernel on the wasm backend. */
  stockOnWasm?: boolean;
}

function contestants({ ours, stock, expected, stockExpected = expected, terms, stockOnWasm = true }: Contest): Implementation[] {
  return [
    implementation('ours', 'webgpu', ours, expected, terms),
    implementation('tfjs-webgpu', 'webgpu', stock, stockExpected, terms),
    implementation('ours-wasm', 'wasm', ours, expected, terms),
    ...(stockOnWasm ? [implementation('tfjs-wasm', 'wasm', stock, stockExpected, terms)] : []),
  ];
}

const matmul: Work = {
  name: 'matmul',
  prepare: async (): Promise<Prepared> => {
    const n = 512;
    const [a, b] = [values(1, n * n), values(2, n * n)];
    const matrices = () => [a, b].map((part) => tf.tensor2d(part, [n, n]));
    const both = [a, b].map((part) => ({ values: part, shape: [n, n] }));
    const expected = [linearForward(a, b, null, { rows: n, depth: n, columns: n })];
    const allowedError = roundingOf(n, expected);
    const ours = contestants({
      expected,
      terms: n,
      ours() {
        const [left, right] = matrices();
        return () => [linear(left, right)];
      },
      stock() {
        const [left, right] = matrices();
        return () => [tf.matMul(left, right)];
      },
    });
    return {
      shape: `${n}x${n}x${n}`,
      operations: 2 * n ** 3,
      implementations: [
        ...ours, ...jaxContestants(jaxMatmul, both, expected, allowedError),
        ...onnxContestants((graph, ...matrices) => graph.add({ name: 'MatMul' }, ...matrices), both, { values: expected[0], shape: [n, n], allowedError }),
      ],
    };
  },
};

/** [1, L, N, D] -> [N, L, D]. */
function headsFirst(from: Values, tokens: number, heads: number, width: number): Float64Array {
  return Float64Array.from({ length: from.length }, (_, i) => {
    const d = i % width;
    const l = Math.floor(i / width) % tokens;
    const n = Math.floor(i / (width * tokens));
    return from[(l * heads + n) * width + d];
  });
}

function stockAttention(query: Tensor, key: Tensor, value: Tensor): Tensor {
  const scores = tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(query.shape[2] ?? 1));
  return tf.matMul(tf.softmax(scores), value);
}

async function attentionWork(withGradients: boolean): Promise<Prepared> {
  const [heads, tokens, width] = [8, 512, 32];
  const data = [1, 2, 3, 4].map((seed) => values(seed, tokens * heads * width));
  const shape = { batch: 1, queries: tokens, keys: tokens, heads, width, scale: 1 / Math.sqrt(width) };
  const result = attentionForward(data[0], data[1], data[2], shape);
  const gradients = attentionGradients(data[0], data[1], data[2], result, data[3], shape);
  const all = [result.output, gradients.query, gradients.key, gradients.value];
  const expected = withGradients ? all : all.slice(0, 1);
  const run = (work: (...x: Tensor[]) => Tensor, [q, k, v, dy]: Tensor[]) => (): Tensor[] =>
    withGradients ? valueWithGradients(work, [q, k, v], dy) : [work(q, k, v)];
  const forward = 4 * tokens * tokens * width * heads;
  const given = data.map((part) => ({ values: part, shape: [1, tokens, heads, width] }));
  const flat = [1, tokens, heads * width];
  const allowedError = roundingOf(tokens + width, expected);
  return {
    shape: `${heads} heads, ${tokens} tokens, width ${width}`,
    operations: withGradients ? 3.5 * forward : forward,
    implementations: [...contestants({
      expected,
      stockExpected: expected.map((part) => headsFirst(part, tokens, heads, width)),
      terms: tokens + width,
      ours: () => run(attention, data.map((part) => tf.tensor4d(part, [1, tokens, heads, width]))),
      stock: () => run(stockAttention, data.map((part) =>
        tf.tensor3d(Float32Array.from(headsFirst(part, tokens, heads, width)), [heads, tokens, width]))),
    }), ...jaxContestants(jaxAttention, given.slice(0, 3), expected, allowedError, withGradients ? given[3] : undefined),
    ...(withGradients ? [] : onnxContestants(
      (graph, q, k, v) => onnxAttention(graph, q, k, v, flat, heads),
      data.slice(0, 3).map((part) => ({ values: part, shape: flat })), { values: result.output, shape: flat, allowedError },
    ))],
  };
}

async function layerNormWork(withGradients: boolean): Promise<Prepared> {
  const [rows, channels] = [2048, 256];
  const shape = { rows, channels, groups: 1 };
  const sizes = [[rows, channels], [1, channels], [1, channels], [rows, channels]];
  const data = sizes.map((size, i) => values(i + 1, size[0] * size[1]));
  const [x, scale, shift, dy] = data;
  const { y, statistics } = layerNormForward(x, scale, shift, shape);
  const { dscale, dshift } = layerNormModulationGradients(x, statistics, dy, shape);
  const all = [y, layerNormInputGradient(x, scale, statistics, dy, shape), dscale, dshift];
  const expected = withGradients ? all : [y];
  const maker = (work: (...inputs: Tensor[]) => Tensor): Maker => () => {
    const inputs = data.map((part, i) => tf.tensor(part, sizes[i]));
    return () => withGradients
      ? valueWithGradients(work, inputs.slice(0, 3), inputs[3]) : [work(inputs[0], inputs[1], inputs[2])];
  };
  const given = data.map((part, i) => ({ values: part, shape: sizes[i] }));
  const terms = withGradients ? rows : channels;
  const allowedError = roundingOf(terms, expected);
  // Its weight is what we write as 1 + scale, and has no axis of groups.
  const flat = [given[0], { values: scale.map((value) => 1 + value), shape: [channels] }, { values: shift, shape: [channels] }];
  return {
    shape: `${rows} rows of ${channels}`,
    // Bound by what it reads and writes.
    operations: 0,
    implementations: [
      ...contestants({
        expected,
        terms,
        ours: maker(layerNorm),
        stock: maker((...inputs) => stockLayerNorm({ x: inputs[0], scale: inputs[1], shift: inputs[2] })[0]),
      }),
      ...jaxContestants(jaxLayerNorm, given.slice(0, 3), expected, allowedError, withGradients ? given[3] : undefined),
      ...(withGradients ? [] : onnxContestants(
        (graph, ...parts) => graph.add(
          { name: 'LayerNormalization', attributes: { axis: -1 }, floats: { epsilon } }, ...parts),
        flat, { values: y, shape: sizes[0], allowedError },
      )),
    ],
  };
}

async function convolutionWork(
  x: number[],
  filter: number[],
  withGradients: boolean,
  stock: (x: Tensor, filter: Tensor) => Tensor,
): Promise<Prepared> {
  const shape = convolutionShape(x, filter, [1, 1, 1]);
  const positions = x[0] * x[1] * x[2] * x[3];
  const taps = filter[0] * filter[1] * filter[2];
  const count = (sizes: number[]): number => sizes.reduce((product, size) => product * size, 1);
  const [xs, filters] = [values(1, count(x)), values(2, count(filter))];
  const dys = values(3, positions * filter[4]);
  const reference = (padding: [number, number, number]): Values[] => {
    const padded = { ...shape, padding };
    const y = convolutionForward(xs, filters, null, padded);
    if (!withGradients) return [y];
    return [y, convolutionInputGradient(dys, filters, padded), convolutionFilterGradient(xs, dys, padded)];
  };
  const maker = (work: (x: Tensor, filter: Tensor) => Tensor): Maker => () => {
    const inputs = [tf.tensor(xs, x), tf.tensor(filters, filter)];
    const dy = tf.tensor(dys, [...x.slice(0, 4), filter[4]]);
    return () => withGradients
      ? valueWithGradients((...both) => work(both[0], both[1]), inputs, dy) : [work(inputs[0], inputs[1])];
  };
  const forward = 2 * positions * taps * filter[3] * filter[4];
  const [kernelTime, kernelHeight, kernelWidth] = filter;
  const centred: [number, number, number] =
    [(kernelTime - 1) / 2, (kernelHeight - 1) / 2, (kernelWidth - 1) / 2];
  const expected = reference(shape.padding);
  const terms = withGradients ? positions : taps * filter[3];
  const allowedError = roundingOf(terms, expected);
  // jax-js has channels first, and no frame axis to spare in two dimensions.
  const first = (part: Values, sizes: number[]) => permuted(part, sizes, [0, 4, 1, 2, 3]);
  const outwards = (part: Values) => permuted(part, filter, [4, 3, 0, 1, 2]);
  const spatial = (sizes: number[]) => (kernelTime === 1 ? sizes.slice(1) : sizes);
  const output = [...x.slice(0, 4), filter[4]];
  const jaxInputs = [
    { values: first(xs, x), shape: [x[0], x[4], ...spatial(x.slice(1, 4))] },
    { values: outwards(filters), shape: [filter[4], filter[3], ...spatial(filter.slice(0, 3))] },
  ];
  const jaxDy = { values: first(dys, output), shape: [x[0], filter[4], ...spatial(x.slice(1, 4))] };
  const jaxExpected = expected.map((part, i) =>
    (i === 2 ? outwards(part) : first(part, i === 1 ? x : output)));
  const around = shape.padding.map((front, axis): [number, number] => [front, filter[axis] - 1 - front]);
  const padding = kernelTime === 1 ? around.slice(1) : around;
  return {
    shape: `[${x}] by [${filter}]`,
    operations: withGradients ? 3 * forward : forward,
    implementations: [...contestants({
      expected,
      // Stock convolutions pad time on both sides: the same arithmetic, and a reference of its own.
      stockExpected: reference(centred),
      terms,
      ours: maker((a, b) => convolution(a, b)),
      stock: maker(stock),
      // The wasm backend has no gradient of conv2d to its filter.
      stockOnWasm: !(withGradients && stock === stock2d),
    }), ...jaxContestants(jaxConvolution(padding), jaxInputs, jaxExpected, allowedError, withGradients ? jaxDy : undefined),
    ...(withGradients ? [] : onnxContestants(
      (graph, ...parts) => graph.add(
        { name: 'Conv', attributes: { pads: [0, 1].flatMap((end) => padding.map((ends) => ends[end])) } }, ...parts),
      jaxInputs, { values: jaxExpected[0], shape: jaxDy.shape, allowedError },
    ))],
  };
}

function stock2d(x: Tensor, filter: Tensor): Tensor {
  const [, , height, width, channels] = x.shape;
  const image = tf.reshape<tf.Rank.R4>(x, [-1, height, width, channels]);
  const kernel = tf.squeeze<tf.Tensor4D>(filter, [0]);
  const y = tf.conv2d(image, kernel, 1, 'same');
  return tf.reshape(y, [...x.shape.slice(0, 4), y.shape[3]]);
}

function stock3d(x: Tensor, filter: Tensor): Tensor {
  return tf.conv3d(x as tf.Tensor5D, filter as tf.Tensor5D, 1, 'same');
}

const conv2d = (withGradients: boolean): Promise<Prepared> =>
  convolutionWork([1, 1, 64, 64, 32], [1, 3, 3, 32, 64], withGradients, stock2d);
const conv3d = (withGradients: boolean): Promise<Prepared> =>
  convolutionWork([1, 8, 16, 16, 32], [3, 3, 3, 32, 32], withGradients, stock3d);

/** The kernels' benchmarks, by name. */
export const kernelWorks: Work[] = [
  matmul,
  { name: 'attention-forward', prepare: () => attentionWork(false) },
  { name: 'attention-forward-backward', prepare: () => attentionWork(true) },
  { name: 'layer-norm-forward', prepare: () => layerNormWork(false) },
  { name: 'layer-norm-forward-backward', prepare: () => layerNormWork(true) },
  { name: 'conv2d-forward', prepare: () => conv2d(false) },
  { name: 'conv2d-gradients', prepare: () => conv2d(true) },
  { name: 'conv3d-forward', prepare: () => conv3d(false) },
  { name: 'conv3d-gradients', prepare: () => conv3d(true) },
];
