// Loading weights: what is missing, of another shape, truncated, damaged or no number is refused by name.
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { parameterShapes } from './parameters.ts';
import { serialize } from './safetensors.ts';
import type { StoredTensor } from './safetensors.ts';
import { halvesFromFloats } from './half.ts';
import { randomParameters, tinyConfig } from './tiny-model.ts';
import { fetchModel, readModel, readParameters, WeightsError } from './weights.ts';

const tinyJson = JSON.stringify({
  config: {
    size: 'tiny', frames: 9, pixels: 32, frames_per_second: 12.5, autoencoder_patch: 2,
    encoder_channels: [4, 6, 8], decoder_channels: [8, 6, 4], latent_channels: 4,
    motion_channels: 8, refiner_channels: [4, 6], background_channels: [4, 6, 8], backbone_width: 8, backbone_blocks: 2,
    backbone_heads: 2, backbone_mlp: 16, backbone_patch: 8, head_width: 6, width: 16, blocks: 2, heads: 2, mlp: 24, patch: 2,
    time_width: 8, domains: 8, rotary_pairs: [2, 1, 1], rotary_base: 100, lora_rank: 2, lora_alpha: 2,
    sampler_method: 'euler', sampler_steps: 4, guidance: 1, temperature: 1,
  },
});

function stored(change: (tensors: Map<string, StoredTensor>) => void = () => {}): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { shape, values }] of randomParameters(tinyConfig, 7)) {
    tensors.set(name, { dtype: 'F16', shape: [...shape], data: halvesFromFloats(values) });
  }
  change(tensors);
  return serialize(tensors);
}

async function refusal(bytes: Uint8Array, json = tinyJson): Promise<WeightsError> {
  const error: unknown = await readModel(json, bytes).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WeightsError);
  return error as WeightsError;
}

test('a whole file is read as f32, with its configuration and hash', async () => {
  const file = await readModel(tinyJson, stored());
  expect(file.config).toEqual(tinyConfig);
  expect(file.hash).toMatch(/^[0-9a-f]{64}$/);
  expect([...file.parameters.keys()]).toEqual([...parameterShapes(tinyConfig).keys()]);
  const random = randomParameters(tinyConfig, 7).get('transformer.patch.weight');
  const read = file.parameters.get('transformer.patch.weight');
  expect(read?.values[3]).toBeCloseTo(random?.values[3] ?? NaN, 3);
});

test('a missing parameter is named', async () => {
  const error = await refusal(stored((tensors) => tensors.delete('head.output.bias')));
  expect(error.code).toBe('weights-shape');
  expect(error.message).toContain('"head.output.bias"');
});

test('a parameter of another shape is named with both shapes', async () => {
  const error = await refusal(stored((tensors) =>
    tensors.set('transformer.final.bias', { dtype: 'F32', shape: [3], data: new Float32Array(3) })));
  expect(error.code).toBe('weights-shape');
  expect(error.message).toMatch(/"transformer.final.bias" has shape \[3\], the model needs \[16\]/);
});

test('a truncated file is refused as such, wherever it ends', async () => {
  const bytes = stored();
  for (const length of [0, 5, 100, bytes.length >> 1, bytes.length - 1]) {
    expect((await refusal(bytes.slice(0, length))).code).toBe('weights-truncated');
  }
});

test('what is no safetensors file, no JSON or no number is refused as invalid', async () => {
  const page = new TextEncoder().encode('<!doctype html><title>Not found</title>'.repeat(9));
  expect((await refusal(page)).code).toBe('weights-invalid');
  expect((await refusal(stored(), '{')).code).toBe('weights-invalid');
  expect((await refusal(stored(), '{"config": {}}')).message).toContain('frames_per_second');
  const broken = new Float32Array(16).fill(NaN);
  const bytes = stored((tensors) =>
    tensors.set('transformer.final.bias', { dtype: 'F32', shape: [16], data: broken }));
  expect(() => readParameters(tinyConfig, bytes)).toThrow(/"transformer.final.bias" holds a value/);
});

test('bytes other than those that model.json names are refused as damaged', async () => {
  const bytes = stored();
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const named = JSON.stringify({ ...JSON.parse(tinyJson), sha256 });
  expect((await readModel(named, bytes)).hash).toBe(sha256);
  const flipped = bytes.slice();
  flipped[flipped.length - 2] ^= 1;
  const error = await refusal(flipped, named);
  expect(error.code).toBe('weights-damaged');
  expect(error.message).toContain(sha256.slice(0, 16));
});

describe('over the network', () => {
  afterEach(() => vi.unstubAllGlobals());

  /** Answers model.json with one response and model.safetensors with the other. */
  const serve = (description: Response, weights: Response) => vi.stubGlobal('fetch', async (url: string) =>
    (url.endsWith('.json') ? description : weights));

  /** A response whose connection breaks after a few bytes. */
  const broken = () => new Response(new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"conf'));
      controller.error(new TypeError('network error'));
    },
  }));

  async function fetchRefusal(): Promise<WeightsError> {
    const error: unknown = await fetchModel('/models/tiny/').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WeightsError);
    return error as WeightsError;
  }

  test('both files are read, and progress is told of the weights', async () => {
    const told: number[] = [];
    const bytes = stored();
    serve(new Response(tinyJson), new Response(bytes));
    const file = await fetchModel('/models/tiny/', (loaded) => told.push(loaded));
    expect(file.bytes).toBe(bytes.length);
    expect(told.at(-1)).toBe(bytes.length);
  });

  test('a connection that breaks is named with its file, whichever it is', async () => {
    serve(broken(), new Response(stored()));
    const description = await fetchRefusal();
    expect(description.code).toBe('weights-truncated');
    expect(description.message).toContain('/models/tiny/model.json');
    serve(new Response(tinyJson), broken());
    expect((await fetchRefusal()).message).toContain('/models/tiny/model.safetensors');
  });

  test('a file that is not there is missing', async () => {
    serve(new Response('gone', { status: 404 }), new Response(stored()));
    const error = await fetchRefusal();
    expect(error.code).toBe('weights-missing');
    expect(error.message).toContain('status 404');
  });
});
