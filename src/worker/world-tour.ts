/**
 * The world for people to look at: every family with its law, and the simulation of any scene beside the law as it
 * can be measured on the pixels. Works without a model.
 */
import type { EventOf, RequestOf } from '../protocol/messages.ts';
import { families } from '../world/families.ts';
import { clipFrames, frameSize, framesPerSecond } from '../world/scene.ts';
import { tracksOf } from '../world/tracks.ts';
import type { World } from '../world/world.ts';

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
  const { law } = families.find(({ name }) => name === family)!;
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
