// What `npm run generate`, `evaluate`, `gallery`, `profile`, `roofline` and `soak` run inside Chromium: the studio's engine without its page.
// Bytes cross between script and page as arrays of numbers: what crosses is JSON.
import { adapterName, openComputeDevice } from '../../src/engine/compute-device.ts';
import type { EngineWish } from '../../src/engine/compute-device.ts';
import { createDevice } from '../../src/engine/device.ts';
import { forceHalves } from '../../src/kernels/linear/halves.ts';
import { evaluateScenes } from '../../src/learning/evaluation.ts';
import type { EvaluationRequest, SceneEvaluation } from '../../src/learning/evaluation.ts';
import { modelWork, profileModel } from '../../src/learning/profile.ts';
import type { CaptureWork, ModelProfile } from '../../src/learning/profile.ts';
import { sceneTruth } from '../../src/learning/scene-truth.ts';
import { isFlat, soak } from '../../src/learning/soak.ts';
import type { SoakReport } from '../../src/learning/soak.ts';
import { generateClips, loadModel } from '../../src/model/generator.ts';
import { halvesFromFloats } from '../../src/model/half.ts';
import { fetchModel } from '../../src/model/weights.ts';
import type { ModelConfig, SamplerOptions } from '../../src/model/config.ts';
import { randomParameters } from '../../src/model/tiny-model.ts';
import { imageFromFile } from '../../src/studio/features/label/own-image.ts';
import type { Split } from '../../src/world/scene.ts';
import { createWorld } from '../../src/world/world.ts';
import type { FamilyName } from '../../src/world/world.ts';

/** Which model, and what it runs on. */
interface ModelRequest {
  readonly size: string;
  readonly engine: EngineWish;
}

export interface GenerateRequest extends ModelRequest {
  /** The image file's bytes, and its name for messages. */
  readonly image: readonly number[];
  readonly name: string;
  readonly seeds: readonly number[];
  /** What is absent is the model's own. */
  readonly sampler: Partial<SamplerOptions>;
}

export interface EvaluateRequest extends ModelRequest, Omit<EvaluationRequest, 'sampler' | 'family'> {
  readonly family: FamilyName;
  readonly sampler: Partial<SamplerOptions>;
}

export interface GenerateAnswer {
  readonly adapter: string;
  /** As it was used. */
  readonly sampler: SamplerOptions;
  /** [T, H, W, 3] of every clip. */
  readonly shape: readonly number[];
  readonly framesPerSecond: number;
  readonly clips: readonly { readonly seed: number; readonly frames: readonly number[] }[];
}

export interface EvaluateAnswer extends SceneEvaluation {
  readonly adapter: string;
}

export interface SceneRequest extends ModelRequest {
  readonly scene: { readonly family: string; readonly split: Split; readonly seed: number };
  readonly seeds: readonly number[];
}

export interface SceneAnswer {
  readonly shape: readonly number[];
  readonly framesPerSecond: number;
  readonly prompt: string;
  /** The simulation as "0", then a clip a seed. */
  readonly clips: readonly { readonly label: string; readonly frames: readonly number[] }[];
}

export interface ProfileAnswer extends ModelProfile {
  readonly adapter: string;
}

export interface SoakAnswer extends SoakReport {
  readonly adapter: string;
  /** See isFlat(). */
  readonly flat: boolean;
}

export interface HeadlessPage {
  /** Times of every kernel of a pair of clips and of a training step, on WebGPU. */
  profile(size: string): Promise<ProfileAnswer>;
  /** What a model of this configuration has a GPU do; its weights are random. */
  work(config: ModelConfig): Promise<readonly CaptureWork[]>;
  /** GPU memory over preference steps and over models loaded and given up. */
  soak(size: string, amount: { readonly steps: number; readonly cycles: number }): Promise<SoakAnswer>;
  /** Clips of a scene of the world, beside its simulation. */
  scene(request: SceneRequest): Promise<SceneAnswer>;
  generate(request: GenerateRequest): Promise<GenerateAnswer>;
  evaluate(request: EvaluateRequest): Promise<EvaluateAnswer>;
}

declare global {
  interface Window {
    physmaster?: HeadlessPage;
  }
}

const address = (size: string): string => `/models/${size}/`;

const opened = new Map<string, ReturnType<typeof load>>();

async function load({ size, engine }: ModelRequest) {
  const { adapterInfo } = await openComputeDevice(engine);
  return { adapter: adapterName(adapterInfo), model: await loadModel(address(size)) };
}

/** The model of a size, loaded once: it goes with the page. */
function open(request: ModelRequest) {
  const known = opened.get(request.size) ?? load(request);
  opened.set(request.size, known);
  return known;
}

window.physmaster = {
  async profile(size) {
    const { adapterInfo, backend } = await createDevice();
    const profile = await profileModel(backend, await fetchModel(address(size)), (done, of) => {
      console.info(`${done} of ${of} pieces`);
    });
    return { adapter: adapterName(adapterInfo), ...profile };
  },

  async soak(size, amount) {
    const { adapterInfo, backend } = await createDevice();
    const report = await soak(backend, await fetchModel(address(size)), amount, (done, of, { gpu, tensors }) => {
      console.info(`${done} of ${of}: ${(gpu.total / 1e6).toFixed(2)} MB, ${tensors} tensors`);
    });
    return { adapter: adapterName(adapterInfo), flat: isFlat(report), ...report };
  },

  async work(config) {
    await createDevice();
    // Matrices as GPUs have them, whatever adapter records this.
    forceHalves(true);
    const stored = [...randomParameters(config, 1)].map(([name, { shape, values }]) =>
      [name, { shape, values, halves: halvesFromFloats(values) }] as const);
    return modelWork({ config, parameters: new Map(stored), description: {}, hash: '', bytes: 0 });
  },

  async generate({ image, name, seeds, sampler: given, ...request }) {
    const { adapter, model } = await open(request);
    const { video } = model.config;
    const sampler = { ...model.config.sampler, ...given };
    const file = new File([Uint8Array.from(image)], name);
    const { pixels } = await imageFromFile(file, video.height);
    const clips = await generateClips(model, {
      // What an image from outside shows is not known.
      image: pixels, domain: 'none', seeds, sampler,
      progress: (phase, step, steps) => console.info(`${phase} ${step}/${steps}`),
    });
    return {
      adapter,
      sampler,
      framesPerSecond: video.framesPerSecond,
      shape: [video.frames, video.height, video.width, 3],
      clips: clips.map(({ seed, frames }) => ({ seed, frames: [...frames] })),
    };
  },

  async scene({ scene: { family, split, seed }, seeds, ...request }) {
    const { model } = await open(request);
    const { video } = model.config;
    const { scene, image, frames } = sceneTruth(await createWorld(), family, split, seed, video.height);
    const clips = await generateClips(model, { image, domain: scene.domain, seeds });
    return {
      framesPerSecond: video.framesPerSecond,
      shape: [video.frames, video.height, video.width, 3],
      prompt: scene.prompt,
      clips: [{ label: '0', frames: [...frames] },
        ...clips.map((clip) => ({ label: String(clip.seed), frames: [...clip.frames] }))],
    };
  },

  async evaluate({ size, engine, sampler: given, ...scenes }) {
    const { adapter, model } = await open({ size, engine });
    const world = await createWorld();
    const request = { ...scenes, sampler: { ...model.config.sampler, ...given } };
    const result = await evaluateScenes(model, world, request, (done) => {
      console.info(`${done} of ${request.clips} clips`);
    });
    return { adapter, ...result };
  },
};
