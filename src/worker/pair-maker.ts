/**
 * Makes pairs: a source becomes two clips of the same first frame, with a record that can be trained on
 * later.
 *
 * scene or image -> encoding -> two seeds in one batch -> frames. It sends no events itself: progress is
 * reported to a callback, and what that throws ends the work.
 */
import { rankClips } from '../learning/automatic-voter.ts';
import type { Verdict } from '../learning/automatic-voter.ts';
import { sceneTruth } from '../learning/scene-truth.ts';
import type { SceneTruth } from '../learning/scene-truth.ts';
import type { ClipGenerator, Encoding, GenerateOptions } from '../model/generator.ts';
import { generatedShape } from '../model/config.ts';
import type { EventOf } from '../protocol/messages.ts';
import type {
  Clip, Image, PairId, PairRecord, PairSource, SamplerSettings, Sides,
} from '../protocol/records.ts';
import type { World } from '../world/world.ts';
import { domainOf } from './domain-of.ts';
import type { Familiarity } from './familiarity.ts';
import { pairSampler } from './model-card.ts';
import { latentBytes } from './pair-archive.ts';

/** A request that cannot be carried out; the message is a sentence for the visitor. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

export interface PairOrder {
  readonly pairId: PairId;
  readonly source: PairSource;
  readonly seeds?: readonly [number, number];
  readonly sampler?: SamplerSettings;
  readonly automatic: boolean;
  /** Training steps behind the weights. */
  readonly step: number;
}

export interface MadePair {
  readonly ready: EventOf<'pair.ready'>;
  readonly record: PairRecord;
  readonly encoding: Encoding;
  /** Of a simulated scene: how the two clips rank against the truth. */
  readonly rank: () => Verdict | null;
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] >>> 1;
}

function randomSides(): Sides {
  return randomSeed() % 2 === 0 ? { left: 'a', right: 'b' } : { left: 'b', right: 'a' };
}

interface Subject {
  readonly image: Uint8Array<ArrayBuffer>;
  readonly description: string;
  readonly truth: SceneTruth | null;
}

function subjectOf(world: World, source: PairSource, height: number, width: number): Subject {
  if (source.kind === 'image') {
    const [rows, columns] = source.image.shape;
    if (rows !== height || columns !== width) {
      throw new RefusedError(`An image needs ${width} x ${height} pixels, not ${columns} x ${rows}.`);
    }
    return { image: source.image.pixels, description: source.name, truth: null };
  }
  const truth = sceneTruth(world, source.family, source.split, source.seed, height);
  return { image: truth.image, description: truth.scene.prompt, truth };
}

/** Makes the two clips of an order with a generator. */
export async function makePair(
  order: PairOrder, world: World, generator: ClipGenerator, familiarity: Familiarity,
  progress: NonNullable<GenerateOptions['progress']>,
): Promise<MadePair> {
  const started = performance.now();
  const { config, file } = generator.model;
  const { height, width, frames, framesPerSecond } = config.video;
  const { pairId, source, automatic, step } = order;
  progress('encoding', 0, 1);
  const subject = subjectOf(world, source, height, width);
  const seeds: [number, number] = order.seeds ? [...order.seeds] : [randomSeed(), randomSeed()];
  const sampler = order.sampler ?? pairSampler(config);
  const encoding = await generator.encode(subject.image, domainOf(source));
  const outsideNote = source.kind === 'image'
    ? await familiarity.noteFor(encoding, generator, (done, total) => progress('encoding', done, total))
    : null;
  const clips = await generator.generateFrom(encoding, seeds, { sampler, progress });
  const clip = (pixels: Uint8Array<ArrayBuffer>): Clip => ({
    frames: pixels, shape: [frames, height, width], framesPerSecond,
  });
  const image: Image = { pixels: Uint8Array.from(subject.image), shape: [height, width] };
  const about = {
    source, description: subject.description, sides: randomSides(), seeds, sampler,
    generator: { modelHash: file.hash, step }, automatic,
  };
  const [a, b] = clips;
  // The clips are given away with the event, so that they are ranked on copies.
  const kept = subject.truth && { a: Uint8Array.from(a.frames), b: Uint8Array.from(b.frames) };
  return {
    encoding,
    ready: {
      kind: 'pair.ready', pairId, ...about, clips: { a: clip(a.frames), b: clip(b.frames) },
      truth: subject.truth && clip(Uint8Array.from(subject.truth.frames)), outsideNote,
      milliseconds: performance.now() - started,
    },
    record: {
      id: pairId, time: new Date().toISOString(), ...about, image,
      tensors: latentBytes({ a: a.latent, b: b.latent }, generatedShape(config)),
    },
    rank: () => (subject.truth && kept ? rankClips(kept.a, kept.b, subject.truth.truth) : null),
  };
}
