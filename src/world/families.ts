// All families of scenes, in the order in which people are shown them.

import type { Family } from './family.ts';
import { buoyancy } from './families/buoyancy.ts';
import { damBreak } from './families/dam-break.ts';
import { freeFall } from './families/free-fall.ts';
import { heat } from './families/heat.ts';
import { melting } from './families/melting.ts';
import { pouring } from './families/pouring.ts';
import { slide } from './families/slide.ts';
import { softDrop } from './families/soft-drop.ts';
import { toppling } from './families/toppling.ts';

export const families: readonly Family[] = [
  freeFall,
  slide,
  toppling,
  softDrop,
  damBreak,
  buoyancy,
  heat,
  melting,
  pouring,
];
