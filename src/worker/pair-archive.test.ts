// The archive: votes train on the latents that were stored, with the image encoded again only when needed.
import { expect, test } from 'vitest';
import type { PairRecord } from '../protocol/records.ts';
import { latentBytes, PairArchive } from './pair-archive.ts';
import type { Encoder } from './pair-archive.ts';

const latents = { a: Float32Array.of(1, 2, 3, 4), b: Float32Array.of(5, 6, 7, 8) };

function record(id: `pair-${string}`, tensors = latentBytes(latents, [1, 2, 2, 1])): PairRecord {
  return {
    id, time: new Date(0).toISOString(),
    source: { kind: 'scene', family: 'free-fall', split: 'train', seed: 1 },
    description: '', seeds: [1, 2], sides: { left: 'b', right: 'a' }, sampler: { method: 'euler', steps: 4, guidance: 1, temperature: 1 },
    generator: { modelHash: 'h', step: 0 }, image: { pixels: Uint8Array.of(1, 2, 3), shape: [1, 1] },
    automatic: false, tensors,
  };
}

function encoder(): Encoder & { calls: number } {
  return {
    calls: 0,
    async encode(image, domain) {
      this.calls += 1;
      return { image, domain, latent: new Float32Array(), features: new Float32Array(), background: null };
    },
  };
}

test('the chosen latents come first, whichever clip won; encodings are kept', async () => {
  const archive = new PairArchive({ latent: 4, image: 3 });
  archive.add(record('pair-1'));
  const encode = encoder();
  const preference = { voteId: 'v', pairId: 'pair-1', chosen: 'b' } as const;
  const pair = await archive.learnable(preference, encode);
  expect([...pair.chosen]).toEqual([5, 6, 7, 8]);
  expect([...pair.rejected]).toEqual([1, 2, 3, 4]);
  await archive.learnable({ ...preference, chosen: 'a' }, encode);
  expect(encode.calls).toBe(1);
});

test('pairs of other weights and unknown pairs are not trained on', async () => {
  const archive = new PairArchive({ latent: 4, image: 3 });
  archive.add(record('pair-1'));
  expect(archive.usable('pair-1', 'h')).toBe(true);
  expect(archive.usable('pair-1', 'other')).toBe(false);
  expect(archive.usable('pair-9', 'h')).toBe(false);
  await expect(archive.learnable({ voteId: 'v', pairId: 'pair-9', chosen: 'a' }, encoder()))
    .rejects.toThrow(/not known/);
});

test.each([
  ['bytes that are cut short', { tensors: latentBytes(latents, [4]).slice(0, -4) }],
  ['latents of another size', {
    tensors: latentBytes({ a: latents.a.slice(1), b: latents.b.slice(1) }, [3]),
  }],
  ['a latent that is not a number', {
    tensors: latentBytes({ ...latents, b: Float32Array.of(5, 6, NaN, 8) }, [4]),
  }],
  ['an image of another size', { image: { pixels: new Uint8Array(6), shape: [1, 2] as [number, number] } }],
])('a damaged pair is left out: %s', (_, damage) => {
  const archive = new PairArchive({ latent: 4, image: 3 });
  archive.add({ ...record('pair-1'), ...damage });
  expect(archive.usable('pair-1', 'h')).toBe(false);
});
