// The model's preference step (Stage II, LoRA) written in jax-js: the generator of src/model/video-transformer.ts, the
// loss, its gradients to the adapter and AdamW in one compiled function. jax-js counts references: what is used more
// than once is taken by `.ref`.

import { blockUntilReady, defaultDevice, init, jit, lax, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax';
import { epsilon } from '../src/kernels/normalization/oracle.ts';
import { adamwDefaults } from '../src/kernels/optimizer/oracle.ts';
import type { LearnablePair, TrainerSettings } from '../src/learning/trainer.ts';
import { normalArray } from '../src/math/normal.ts';
import { domainIds, latentShape } from '../src/model/config.ts';
import type { ModelConfig } from '../src/model/config.ts';
import { initialLora } from '../src/model/lora.ts';
import { loraParameterShapes, physicsTokenCount } from '../src/model/parameters.ts';
import { rotaryTables } from '../src/model/rotary-positions.ts';
import { timeFeatures } from '../src/model/video-transformer.ts';
import type { ModelFile } from '../src/model/weights.ts';
import { normalised } from './jax.ts';
import type { Data } from './jax.ts';
import type { Implementation } from './work.ts';

type Arrays = Record<string, np.Array>;

/** How far the first loss may be from ln 2, as nothing has been learned yet. */
export const allowedLossError = 1e-4;

/** For the same vector at every token: [B, C] -> [B, 1, C]. */
const overTokens = (x: np.Array): np.Array => x.reshape([x.shape[0], 1, x.shape[1]]);

/** The generator under an adapter, or without one. Every method uses up its arrays, and none of the weights. */
export class JaxModel {
  private readonly config: ModelConfig;
  private readonly weights: Arrays;
  private readonly lora: Arrays | null;

  constructor(config: ModelConfig, weights: Arrays, lora: Arrays | null) {
    this.config = config;
    this.weights = weights;
    this.lora = lora;
  }

  private weight(name: string): np.Array {
    return this.weights[name].ref;
  }

  private linear(name: string, x: np.Array): np.Array {
    return np.matmul(x, this.weight(`${name}.weight`)).add(this.weight(`${name}.bias`));
  }

  private adapted(name: string, x: np.Array): np.Array {
    const base = this.linear(`transformer.${name}`, x.ref);
    if (this.lora === null) {
      x.dispose();
      return base;
    }
    const low = np.matmul(x, this.lora[`lora.${name}.a`].ref);
    const { rank, alpha } = this.config.lora;
    return base.add(np.matmul(low, this.lora[`lora.${name}.b`].ref).mul(alpha / rank));
  }

  private turned(x: np.Array, scale: np.Array, cos: np.Array, sin: np.Array): np.Array {
    const root = np.sqrt(np.mean(np.square(x.ref), -1, { keepdims: true }).add(epsilon));
    const [first, second] = np.split(x.div(root).mul(scale), 2, -1);
    return np.concatenate([
      first.ref.mul(cos.ref).sub(second.ref.mul(sin.ref)), second.mul(cos).add(first.mul(sin)),
    ], -1);
  }

  /** A block; see `transformerBlock`. `cos` and `sin` are [L, 1, D/2]. */
  block(index: number, x: np.Array, shared: np.Array, cos: np.Array, sin: np.Array): np.Array {
    const { heads, width } = this.config.transformer;
    const [batch, length] = x.shape;
    const name = `transformer.block_${index}`;
    const table = this.weight(`${name}.modulation`).reshape([1, 6 * width]);
    const [shift1, scale1, gate1, shift2, scale2, gate2] = np.split(shared.add(table), 6, 1).map(overTokens);
    const qkv = this.adapted(`block_${index}.qkv`, normalised(x.ref).mul(scale1.add(1)).add(shift1));
    const [query, key, value] = np.split(qkv, 3, 2).map((part) => part.reshape([batch, length, heads, width / heads]));
    const mixed = nn.dotProductAttention(
      this.turned(query, this.weight(`${name}.query_scale`), cos.ref, sin.ref),
      this.turned(key, this.weight(`${name}.key_scale`), cos, sin), value).reshape([batch, length, width]);
    const attended = x.add(this.adapted(`block_${index}.output`, mixed).mul(gate1));
    const hidden = nn.gelu(this.adapted(`block_${index}.mlp_1`, normalised(attended.ref).mul(scale2.add(1)).add(shift2)));
    return attended.add(this.adapted(`block_${index}.mlp_2`, hidden).mul(gate2));
  }

  /** Velocities [B, T, H, W, C]; of the image latent and the physics tokens there may be one for all. */
  velocity({ noisy, imageLatent, physics, time, domain, cos, sin }: Arrays): np.Array {
    const { patch, width, blocks, heads } = this.config.transformer;
    const { generated, height, width: across, channels } = latentShape(this.config);
    const [batch] = noisy.shape;
    const grid = [batch, generated, height / patch, patch, across / patch, patch];
    const first = np.broadcastTo(imageLatent, [batch, generated, height, across, channels]);
    const folded = np.concatenate([noisy, first], 4).reshape([...grid, 2 * channels]).transpose([0, 1, 2, 4, 3, 5, 6]);
    const tokens = generated * (height / patch) * (across / patch);
    const video = this.linear('transformer.patch', folded.reshape([batch, tokens, patch * patch * 2 * channels]));
    let x = np.concatenate([
      video, np.broadcastTo(physics.add(this.weight('transformer.physics_type')), [batch, physicsTokenCount(this.config), width]),
      np.broadcastTo(domain.reshape([1, 1, width]), [batch, 1, width]),
    ], 1);
    const hidden = nn.silu(this.linear('transformer.time_1', time));
    const c = nn.silu(this.linear('transformer.time_2', hidden));
    const shared = this.linear('transformer.modulation', c.ref);
    const pairs = width / heads / 2;
    const turns = [cos, sin].map((turn) => turn.reshape([x.shape[1], 1, pairs]));
    for (let i = 0; i < blocks; i++) x = this.block(i, x, shared.ref, turns[0].ref, turns[1].ref);
    tree.dispose([shared, ...turns]);
    const [shift, scale] = np.split(this.linear('transformer.final_modulation', c), 2, 1).map(overTokens);
    const kept = normalised(x.slice([], [0, tokens], [])).mul(scale.add(1)).add(shift);
    return this.linear('transformer.final', kept)
      .reshape([batch, generated, height / patch, across / patch, patch, patch, channels])
      .transpose([0, 1, 2, 4, 3, 5, 6]).reshape([batch, generated, height, across, channels]);
  }

  /** Velocity errors [2] of both clips of a pair; see `inputsOf`. */
  errors({ latents, noise, flowTime, ...shared }: Arrays): np.Array {
    const noisy = noise.ref.add(latents.ref.sub(noise.ref).mul(flowTime));
    const velocity = this.velocity({ ...shared, noisy });
    return np.mean(np.square(velocity.sub(latents.sub(noise)).reshape([2, -1])), 1);
  }
}

/** The step's inputs for a pair, at flow time .5: both clips, and what they share, of a batch of one or two. */
function inputsOf(file: ModelFile, pair: LearnablePair, physics: Float32Array): Record<string, Data> {
  const { config, parameters } = file;
  const { generated, height, width, channels, size } = latentShape(config);
  const { cos, sin, length, pairs } = rotaryTables(config);
  const clip = [generated, height, width, channels];
  const { timeWidth, width: modelWidth } = config.transformer;
  const domains = parameters.get('transformer.domain')!.values;
  const noise = normalArray(1, 0, size);
  return {
    latents: { values: Float32Array.of(...pair.chosen, ...pair.rejected), shape: [2, ...clip] },
    noise: { values: Float32Array.of(...noise, ...noise), shape: [2, ...clip] },
    imageLatent: { values: pair.encoding.latent, shape: [1, 1, height, width, channels] },
    physics: { values: physics, shape: [1, physicsTokenCount(config), modelWidth] },
    time: { values: timeFeatures([0.5, 0.5], timeWidth), shape: [2, timeWidth] },
    flowTime: { values: Float32Array.of(0.5), shape: [1] },
    domain: {
      values: domains.slice(domainIds.rigid * modelWidth, (domainIds.rigid + 1) * modelWidth), shape: [modelWidth],
    },
    cos: { values: cos, shape: [length, pairs] },
    sin: { values: sin, shape: [length, pairs] },
  };
}

/** The generator's weights. */
function weightsOf({ parameters }: ModelFile): Record<string, Data> {
  return Object.fromEntries([...parameters].filter(([name]) => /^transformer\.(?!domain)/.test(name)));
}

type Settings = Pick<TrainerSettings, 'beta' | 'learningRate' | 'clipNorm'>;

/** The compiled step: [adapter, first moments, second moments], weights, inputs -> those three anew, errors [4]. */
function stepOf(config: ModelConfig, { beta, learningRate, clipNorm }: Settings) {
  const { beta1, beta2, epsilon: tiny } = adamwDefaults;
  const take = (arrays: Arrays): Arrays => tree.ref(arrays);
  return jit((lora: Arrays, first: Arrays, second: Arrays, weights: Arrays, inputs: Arrays) => {
    const reference = lax.stopGradient(new JaxModel(config, weights, null).errors(take(inputs)));
    const lossOf = (adapter: Arrays): [np.Array, np.Array] => {
      const policy = new JaxModel(config, weights, adapter).errors(take(inputs));
      const [chosen, rejected] = np.split(policy.ref.sub(reference.ref), 2, 0);
      return [np.sum(nn.softplus(chosen.sub(rejected).mul(beta / 2))), policy];
    };
    // Its types do not know what hasAux returns.
    const [[loss, policy], gradients] = valueAndGrad(lossOf, { hasAux: true })(take(lora)) as unknown as
      [[np.Array, np.Array], Arrays];
    loss.dispose();
    const names = Object.keys(gradients);
    const square = names.map((name) => np.sum(np.square(gradients[name].ref))).reduce((sum, part) => sum.add(part));
    const clip = np.minimum(np.reciprocal(np.sqrt(square.add(1e-12))).mul(clipNorm), 1);
    const next: [Arrays, Arrays, Arrays] = [{}, {}, {}];
    for (const name of names) {
      const gradient = gradients[name].mul(clip.ref);
      const m = first[name].ref.mul(beta1).add(gradient.ref.mul(1 - beta1));
      const v = second[name].ref.mul(beta2).add(np.square(gradient).mul(1 - beta2));
      // Bias corrections of the first step, in every step: the arithmetic is the same.
      const change = m.ref.mul(1 / (1 - beta1)).div(np.sqrt(v.ref.mul(1 / (1 - beta2))).add(tiny));
      next[0][name] = lora[name].ref.sub(change.mul(learningRate));
      next[1][name] = m;
      next[2][name] = v;
    }
    tree.dispose([clip, lora, first, second, weights, inputs]);
    return [...next, np.concatenate([policy, reference])] as [Arrays, Arrays, Arrays, np.Array];
  });
}

/**
 * The step on jax-js's own device, from the physics tokens of the pair's image. Its error is that of the four velocity
 * errors from `expected`, and of the first loss from ln 2.
 */
export function jaxStep(
  file: ModelFile, pair: LearnablePair, physics: Float32Array, settings: Settings, expected: ArrayLike<number>,
): Implementation {
  const { config } = file;
  const step = stepOf(config, settings);
  let state: [Arrays, Arrays, Arrays] | undefined;
  let fixed: [Arrays, Arrays] | undefined;
  const arraysOf = (data: Record<string, Data>): Arrays => Object.fromEntries(Object.entries(data).map(
    ([name, { values, shape }]) => [name, np.array(values, { shape: [...shape], device: 'webgpu' })]));
  const call = async (): Promise<np.Array> => {
    await init('webgpu');
    defaultDevice('webgpu');
    if (state === undefined) {
      const shapes = loraParameterShapes(config, config.lora.rank);
      const adapter = initialLora(config, config.lora.rank, 1);
      const of = (values: (name: string) => Float32Array<ArrayBufferLike>) => arraysOf(Object.fromEntries(
        [...shapes].map(([name, shape]) => [name, { values: values(name), shape }])));
      const zeros = (name: string) => new Float32Array(adapter.get(name)!.length);
      state = [of((name) => adapter.get(name)!), of(zeros), of(zeros)];
      fixed = [arraysOf(weightsOf(file)), arraysOf(inputsOf(file, pair, physics))];
    }
    const [lora, first, second, errors] = step(...state, ...tree.ref(fixed!)) as [Arrays, Arrays, Arrays, np.Array];
    state = [lora, first, second];
    await blockUntilReady(state);
    return errors;
  };
  return {
    name: 'jax-webgpu',
    backend: 'webgpu',
    allowedError: allowedLossError,
    async run() {
      (await call()).dispose();
    },
    async check() {
      const [policyChosen, policyRejected, chosen, rejected] = await (await call()).data();
      const margin = policyChosen - chosen - (policyRejected - rejected);
      const differences = [policyChosen, policyRejected, chosen, rejected].map((error, i) => Math.abs(error - expected[i]));
      return Math.max(Math.abs(Math.log1p(Math.exp((settings.beta / 2) * margin)) - Math.LN2), ...differences);
    },
    dispose() {
      step.dispose();
      if (state && fixed) tree.dispose([state, fixed]);
    },
  };
}
