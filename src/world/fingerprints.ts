// Hashes of a few clips, the same wherever they are made: the Node test and the Chromium test check both sides
// against these. A change of the world's looks or physics changes them, and makes all pretrained weights stale.

import type { Split } from './splits.ts';
import type { World } from './world.ts';

export const fingerprints: readonly { split: Split; seed: number; sha256: string }[] = [
  { split: 'wide', seed: 0, sha256: 'cdb67f3f0a71469393a00299dd6fec6ae5e19f979a7c3618a328ed41f92f9adf' },
  { split: 'train', seed: 17, sha256: '9cd93e97b24175df10850fc401c998b1b4f9b29f8d68814e2792ee8757df3918' },
  { split: 'seen', seed: 2, sha256: 'd5308d57ad3a04626cdec1ded65787a189f00854d0b5b00860c11442e9a23feb' },
  { split: 'unseen', seed: 91, sha256: '6ccafae8b1a7b9d1bfd4991fcbb18cf1cd87e6f647207922561bc29133932587' },
];

/** SHA-256 of a clip: frames, masks, depth. */
export async function fingerprint(world: World, split: Split, seed: number): Promise<string> {
  const scene = world.scene('free-fall', split, seed);
  const { frames, masks, depth } = world.render(scene, world.simulate(scene));
  const parts = [frames, masks, new Uint8Array(depth.buffer)];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  const digest = await crypto.subtle.digest('SHA-256', whole);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
