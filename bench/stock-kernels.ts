// The whole model in stock tfjs: each of our forward operations replaced by a composition of tfjs's own while
// `withStockKernels` runs. tfjs records and differentiates the composition as if it had been written that
// way, so both the forward pass and the gradients are stock.
//
// Each composition is the fastest plain one known to us: conv2d where the kernel spans one frame, conv3d
// otherwise. It also counts the arithmetic of our own operations.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import { convolutionShape } from '../src/kernels/convolution/oracle.ts';
import { gatedAddComposed } from '../src/kernels/gated-add/composition.ts';
import { epsilon } from '../src/kernels/normalization/oracle.ts';
import { rotaryShape } from '../src/kernels/rotary/gradient.ts';
import { EPSILON as rmsEpsilon } from '../src/kernels/rotary/oracle.ts';

type Inputs = Record<string, Tensor>;
type Stock = (inputs: Inputs, attributes: NamedAttrMap) => Tensor[];

/** y = x + row over the last axis; tfjs broadcasts no more than four axes on the GPU. */
function addRow(x: Tensor, row: Tensor): Tensor {
  return tf.reshape(tf.add(tf.reshape(x, [-1, row.size]), row), x.shape);
}

function gelu(x: Tensor): Tensor {
  const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.square(x)))));
  return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
}

function linear({ x, weight, bias }: Inputs, attributes: NamedAttrMap): Tensor[] {
  const [depth, columns] = weight.shape;
  let y: Tensor = tf.matMul(tf.reshape<tf.Rank.R2>(x, [-1, depth]), weight as tf.Tensor2D);
  if (bias) y = tf.add(y, bias);
  if (attributes['activation'] === 'gelu') y = gelu(y);
  return [tf.reshape(y, [...x.shape.slice(0, -1), columns])];
}

function adaptedLinear({ x, weight, bias, a, b }: Inputs, attributes: NamedAttrMap): Tensor[] {
  const [base] = linear({ x, weight, bias }, {});
  const [down] = linear({ x, weight: a }, {});
  const [up] = linear({ x: down, weight: b }, {});
  const scale = Number(attributes['scale']);
  return [tf.add(base, scale === 1 ? up : tf.mul(up, scale)), down];
}

function attention({ query, key, value }: Inputs, attributes: NamedAttrMap): Tensor[] {
  const heads = (x: Tensor): Tensor => tf.transpose(x, [0, 2, 1, 3]);
  const scores = tf.matMul(tf.mul(heads(query), Number(attributes['scale'])), heads(key), false, true);
  return [heads(tf.matMul(tf.softmax(scores), heads(value)))];
}

/** Layer norm of x [rows, C] with scale and shift [groups, C]. */
export function layerNorm({ x, scale, shift }: Inputs): Tensor[] {
  const [groups, channels] = scale.shape;
  const rows = tf.reshape(x, [groups, -1, channels]);
  const centred = tf.sub(rows, tf.mean(rows, 2, true));
  const normal = tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), 2, true), epsilon)));
  const [gain, offset] = [tf.add(1, scale), shift].map((row) => tf.reshape(row, [groups, 1, channels]));
  // The second output of our kernel, statistics for its gradient, has no counterpart.
  return [tf.reshape(tf.add(tf.mul(normal, gain), offset), x.shape), tf.scalar(0)];
}

function gatedLayerNorm({ x, scale, shift, added, gate }: Inputs): Tensor[] {
  const sum = gatedAddComposed(x, added, gate);
  return [sum, ...layerNorm({ x: sum, scale, shift })];
}

/** Query, key and value [B, L, N, D]: RMS norm, then pairs (j, j + D / 2) turned; see the operation's oracle. */
function rotary({ qkv, queryScale, keyScale, cos, sin }: Inputs, attributes: NamedAttrMap): Tensor[] {
  const { batch, length, heads, width } = rotaryShape(qkv.shape, attributes);
  const [query, key, value] = tf.split(qkv, 3, 2).map((part) => tf.reshape(part, [batch, length, heads, width]));
  const [c, s] = [cos, sin].map((angle) => tf.reshape(angle, [1, length, 1, width / 2]));
  const turned = (x: Tensor, scale: Tensor): Tensor => {
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(x), 3, true), rmsEpsilon));
    const [low, high] = tf.split(tf.mul(tf.mul(x, inverse), scale), 2, 3);
    return tf.concat([tf.sub(tf.mul(low, c), tf.mul(high, s)), tf.add(tf.mul(high, c), tf.mul(low, s))], 3);
  };
  return [turned(query, queryScale), turned(key, keyScale), value];
}

function modulation({ shared, table }: Inputs): Tensor[] {
  return tf.split(tf.add(shared, tf.reshape(table, [1, -1])), 6, 1);
}

function convolution({ x, filter, bias }: Inputs, attributes: NamedAttrMap): Tensor[] {
  const stride = ['strideTime', 'strideHeight', 'strideWidth'].map((name) => Number(attributes[name]));
  const { input, kernel, output, padding } = convolutionShape(x.shape, filter.shape, stride);
  const around = input.map((size, axis): [number, number] => {
    const end = (output[axis] - 1) * stride[axis] + kernel[axis] - padding[axis] - size;
    return [padding[axis], Math.max(0, end)];
  });
  const [batch, time] = x.shape;
  const [channelsIn, channelsOut] = filter.shape.slice(3);
  // tfjs pads no more than four axes on the GPU: space first, then time.
  const frames = tf.reshape<tf.Rank.R4>(x, [batch * time, input[1], input[2], channelsIn]);
  const framed = tf.pad(frames, [[0, 0], around[1], around[2], [0, 0]]);
  let y: Tensor;
  if (kernel[0] === 1 && stride[0] === 1) {
    y = tf.conv2d(framed, tf.squeeze<tf.Tensor4D>(filter, [0]), [stride[1], stride[2]], 'valid');
  } else {
    const [, tall, wide] = framed.shape;
    const clips = tf.reshape<tf.Rank.R3>(framed, [batch, time, tall * wide * channelsIn]);
    const padded = tf.pad(clips, [[0, 0], around[0], [0, 0]]);
    const video = tf.reshape<tf.Rank.R5>(padded, [batch, padded.shape[1], tall, wide, channelsIn]);
    y = tf.conv3d(video, filter as tf.Tensor5D, [stride[0], stride[1], stride[2]], 'valid');
  }
  y = tf.reshape(y, [batch, ...output, channelsOut]);
  return [bias ? addRow(y, bias) : y];
}

function factorOf(attributes: NamedAttrMap): number[] {
  const factor: unknown = attributes['factor'];
  if (!Array.isArray(factor)) throw new Error('A shuffle needs its factor.');
  return factor.map(Number);
}

// Both shuffles move one axis at a time: tfjs has no more than six axes.
function depthToSpace({ x }: Inputs, attributes: NamedAttrMap): Tensor[] {
  const [fT, fH, fW] = factorOf(attributes);
  const [batch, time, height, width, folded] = x.shape as tf.Tensor5D['shape'];
  const channels = folded / (fT * fH * fW);
  const frames = tf.transpose(
    tf.reshape(x, [batch * time, height * width, fT, fH * fW * channels]), [0, 2, 1, 3]);
  const lines = tf.transpose(
    tf.reshape(frames, [batch * time * fT * height, width, fH, fW * channels]), [0, 2, 1, 3]);
  const video = tf.reshape(lines, [batch, time * fT, height * fH * width * fW * channels]);
  const kept = tf.slice(video, [0, fT - 1, 0], [-1, -1, -1]);
  return [tf.reshape(kept, [batch, time * fT - (fT - 1), height * fH, width * fW, channels])];
}

function spaceToDepth({ x }: Inputs, attributes: NamedAttrMap): Tensor[] {
  const [fT, fH, fW] = factorOf(attributes);
  const [batch, frames, tall, wide, channels] = x.shape as tf.Tensor5D['shape'];
  const [time, height, width] = [(frames + fT - 1) / fT, tall / fH, wide / fW];
  const padded = tf.pad(tf.reshape<tf.Rank.R3>(x, [batch, frames, -1]), [[0, 0], [fT - 1, 0], [0, 0]]);
  const lines = tf.transpose(
    tf.reshape(padded, [batch * time * fT * height, fH, width, fW * channels]), [0, 2, 1, 3]);
  const blocks = tf.transpose(
    tf.reshape(lines, [batch * time, fT, height * width, fH * fW * channels]), [0, 2, 1, 3]);
  return [tf.reshape(blocks, [batch, time, height, width, fT * fH * fW * channels])];
}

/** Noise of every clip of data, of which several may share one. */
function noiseOf(data: Tensor, noise: Tensor): Tensor {
  return tf.concat(Array.from({ length: data.shape[0] / noise.shape[0] }, () => noise), 0);
}

/** tfjs broadcasts up to four axes on the GPU, so a clip is one row. */
function interpolate({ data, noise, times }: Inputs): Tensor[] {
  const [end, start] = [data, noiseOf(data, noise)].map((x) => tf.reshape(x, [data.shape[0], -1]));
  return [tf.reshape(tf.add(start, tf.mul(tf.sub(end, start), tf.reshape(times, [-1, 1]))), data.shape)];
}

function velocityErrors({ velocity, data, noise }: Inputs): Tensor[] {
  const difference = tf.sub(velocity, tf.sub(data, noiseOf(data, noise)));
  return [tf.mean(tf.square(tf.reshape(difference, [velocity.shape[0], -1])), 1)];
}

/** Softplus as the kernel takes it; its gradient, sigmoid(x), comes from the same terms. */
function softplus(x: Tensor): Tensor {
  return tf.customGrad((input, save) => {
    const at = input as Tensor;
    (save as (saved: Tensor[]) => void)([at]);
    return {
      value: tf.add(tf.relu(at), tf.log1p(tf.exp(tf.neg(tf.abs(at))))),
      gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(dy, tf.sigmoid(saved[0])),
    };
  })(x);
}

function preferenceLoss({ policy, reference, halfBeta }: Inputs): Tensor[] {
  const [policyChosen, policyRejected] = tf.split(policy, 2);
  const [referenceChosen, referenceRejected] = tf.split(reference, 2);
  const margin = tf.sub(tf.sub(policyChosen, referenceChosen), tf.sub(policyRejected, referenceRejected));
  // The second output of our kernel, slopes for its gradient, has no counterpart.
  return [tf.mean(softplus(tf.mul(margin, halfBeta))), tf.scalar(0)];
}

const stock: Record<string, Stock> = {
  'Physics.linear': linear,
  'Physics.adaptedLinear': adaptedLinear,
  'Physics.attention': attention,
  'Physics.rotaryQueryKey': rotary,
  'Physics.layerNorm': layerNorm,
  'Physics.gatedLayerNorm': gatedLayerNorm,
  'Physics.gatedAdd': ({ x, y, gate }) => [gatedAddComposed(x, y, gate)],
  'Physics.modulation': modulation,
  'Physics.convolution': convolution,
  'Physics.depthToSpace': depthToSpace,
  'Physics.spaceToDepth': spaceToDepth,
  'Physics.interpolate': interpolate,
  'Physics.velocityErrors': velocityErrors,
  'Physics.preferenceLoss': preferenceLoss,
  'Physics.silu': ({ x }) => [tf.mul(x, tf.sigmoid(x))],
  'Physics.gelu': ({ x }) => [gelu(x)],
  'Physics.normal': (_, attributes) => {
    const shape: unknown = attributes['shape'];
    return [tf.randomNormal(Array.isArray(shape) ? shape.map(Number) : [])];
  },
};

type RunKernel = (name: string, inputs: Inputs, attributes?: NamedAttrMap) => unknown;

/** Runs `work` with every kernel call of the engine passing through `around`. */
function intercepted<Result>(around: (own: RunKernel) => RunKernel, work: () => Result): Result {
  const instance = tf.engine();
  const own: RunKernel = instance.runKernel.bind(instance);
  Object.defineProperty(instance, 'runKernel', { configurable: true, value: around(own) });
  try {
    return work();
  } finally {
    Reflect.deleteProperty(instance, 'runKernel');
  }
}

/** Runs `work`, which must not wait for anything, with stock tfjs in place of our operations. */
export function withStockKernels<Result>(work: () => Result): Result {
  return intercepted(
    (own) => (name, inputs, attributes = {}) => {
      const composition = stock[name];
      if (composition) return composition(inputs, attributes);
      if (name.startsWith('Physics.')) throw new Error(`There is no stock composition of ${name}.`);
      return own(name, inputs, attributes);
    },
    work,
  );
}

const pairs = (query: Tensor, key: Tensor): number => query.size * (key.shape[1] ?? 1);

/** Floating-point operations of one of our kernels: its products, without what is done once per element. */
function operationsOf(name: string, inputs: Inputs, attributes: NamedAttrMap): number {
  const { x, dy, weight, a, b, inner, filter, query, key } = inputs;
  const along = (shape: number[]): number => shape[shape.length - 1];
  switch (name) {
    case 'Physics.adaptedLinear':
      return 2 * (x.size * (along(weight.shape) + along(a.shape)) + (x.size / along(x.shape)) * b.size);
    case 'Physics.linear':
      return 2 * x.size * along(weight.shape);
    case 'Physics.linearInputGradient':
      return 2 * dy.size * weight.shape[0];
    case 'Physics.adaptedInputGradient':
      return 2 * (dy.size * weight.shape[0] + inner.size * a.shape[0]);
    case 'Physics.adapterGradients':
      return 2 * (x.size + dy.size) * along(inner.shape);
    case 'Physics.linearWeightGradient':
      return 2 * x.size * along(dy.shape);
    case 'Physics.attention':
      return 4 * pairs(query, key);
    case 'Physics.attentionGradients':
      return 10 * pairs(query, key);
    case 'Physics.convolution': {
      const stride = ['strideTime', 'strideHeight', 'strideWidth'].map((axis) => Number(attributes[axis]));
      const { batch, output } = convolutionShape(x.shape, filter.shape, stride);
      return 2 * batch * output[0] * output[1] * output[2] * filter.size;
    }
    default:
      return 0;
  }
}

/** Runs `work`, which must not wait for anything, and counts the arithmetic of our kernels in it. */
export function countOperations(work: () => void): number {
  let operations = 0;
  intercepted(
    (own) => (name, inputs, attributes = {}) => {
      operations += operationsOf(name, inputs, attributes);
      return own(name, inputs, attributes);
    },
    work,
  );
  return operations;
}
