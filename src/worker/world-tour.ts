/**
 * The world for people to look at: first frames of scenes to choose from, every family with its law, and the
 * simulation of any scene beside the law as it can be measured on the pixels. Works without a model.
 */
import { firstFrame } from '../learning/scene-truth.ts';
import type { EventOf, RequestOf } from '../protocol/messages.ts';
import { families } from '../world/families.ts';
import { clipFrames, frameSize, framesPerSecond } from '../world/scene.ts';
import { tracksOf } from '../world/tracks.ts';
import { familyNamed } from '../world/world.ts';
import type { World } from '../world/world.ts';

export type WorldRequest = RequestOf<'scene.list' | 'world.list' | 'world.show'>;

/** The answer to a request about the world. Rejects with RangeError when there is no such family. */
export async function answerWith(world: World, request: WorldRequest): Promise<
  EventOf<'scene.listed' | 'world.listed' | 'world.shown'>
> {
  switch (request.kind) {
    case 'scene.list':
      return scenesListed(world, request);
    case 'world.list':
      return worldListed();
    case 'world.show':
      await pause();
      return worldShown(world, request);
  }
}

/** Other work and messages get their turn. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 0));

/** First frames of scenes, one seed and one family after the other. */
async function scenesListed(
  world: World, { families: wanted, split, firstSeed, count }: RequestOf<'scene.list'>,
): Promise<EventOf<'scene.listed'>> {
  const scenes: EventOf<'scene.listed'>['scenes'] = [];
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const family = wanted[seed % wanted.length];
    const scene = world.scene(family, split, seed);
    scenes.push({
      source: { kind: 'scene', family, split, seed },
      description: scene.prompt,
      thumbnail: { pixels: firstFrame(world, scene), shape: [frameSize, frameSize] },
    });
    await pause();
  }
  return { kind: 'scene.listed', scenes };
}

/** Every family, in the order in which they are shown. */
export function worldListed(): EventOf<'world.listed'> {
  return {
    kind: 'world.listed',
    families: families.map(({ name, title, domain, law }) => ({
      name, title, domain, law: law.sentence, quantity: law.quantity,
    })),
  };
}

/** JSON knows no NaN: what does not show is null. */
const known = (value: number) => (Number.isFinite(value) ? value : null);

/** Simulates and renders a scene. Throws RangeError when there is no such family. */
export function worldShown(world: World, { family, split, seed }: RequestOf<'world.show'>): EventOf<'world.shown'> {
  const scene = world.scene(family, split, seed);
  const { frames, masks } = world.render(scene, world.simulate(scene));
  const { law } = familyNamed(family);
  return {
    kind: 'world.shown',
    source: { kind: 'scene', family, split, seed },
    description: scene.prompt,
    clip: { frames: Uint8Array.from(frames), shape: [clipFrames, frameSize, frameSize], framesPerSecond },
    law: {
      expected: known(law.expected(scene)),
      measured: known(law.measured(scene, tracksOf(scene, frames, masks))),
    },
  };
}
