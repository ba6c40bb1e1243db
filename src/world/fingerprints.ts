// Hashes of a few clips, the same wherever they are made: the Node test and the Chromium test check both sides
// against these. A change of the world's looks or physics changes them, and makes all pretrained weights stale.

import type { Split } from './splits.ts';
import type { World } from './world.ts';

export const fingerprints: readonly { split: Split; seed: number; sha256: string }[] = [
  { split: 'wide', seed: 0, sha256: 'f686013a047443b111d5be8fd3ab22e78e5539663f7154d8ccd7344eaccb89da' },
  { split: 'train', seed: 17, sha256: '3ccf4d7b24272b83bde25677b1185ef9e5ade7f1f5ac1f54ea95035fe3bbb72f' },
  { split: 'seen', seed: 2, sha256: 'd236619b9f3f29dc7d48240e762c13d38e9a579573e49b271d049d9a7f29170a' },
  { split: 'unseen', seed: 91, sha256: '223fc17de8514085e2a31014eb716921ecec16f77a9da514177bce2b9bd15811' },
];

/** SHA-256 of a clip: scene as JSON, frames, masks, depth. */
export async function fingerprint(world: World, split: Split, seed: number): Promise<string> {
  const scene = world.scene('free-fall', split, seed);
  const { frames, masks, depth } = world.render(scene, world.simulate(scene));
  const parts = [new TextEncoder().encode(JSON.stringify(scene)), frames, masks, new Uint8Array(depth.buffer)];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  const digest = await crypto.subtle.digest('SHA-256', whole);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
