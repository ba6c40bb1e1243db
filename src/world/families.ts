// All families of scenes, in the order in which people are shown them.

import type { Family } from './family.ts';
import { freeFall } from './families/free-fall.ts';
import { slide } from './families/slide.ts';
import { toppling } from './families/toppling.ts';

export const families: readonly Family[] = [
  freeFall,
  slide,
  toppling,
];
