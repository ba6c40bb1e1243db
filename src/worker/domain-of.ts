/** What the model is told of a pair's source: a scene's own domain, and nothing of a visitor's image. */
import type { Domain } from '../model/config.ts';
import type { PairSource } from '../protocol/records.ts';
import { familyNamed } from '../world/world.ts';

/** @throws RangeError when the source names a family that there is none of */
export function domainOf(source: PairSource): Domain {
  return source.kind === 'scene' ? familyNamed(source.family).domain : 'none';
}
