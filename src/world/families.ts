// All families of scenes, in the order in which people are shown them.

import type { Family } from './family.ts';
import { bouncing } from './families/bouncing.ts';
import { buoyancy } from './families/buoyancy.ts';
import { collision } from './families/collision.ts';
import { damBreak } from './families/dam-break.ts';
import { dominoes } from './families/dominoes.ts';
import { freeFall } from './families/free-fall.ts';
import { glass } from './families/glass.ts';
import { heat } from './families/heat.ts';
import { melting } from './families/melting.ts';
import { mirror } from './families/mirror.ts';
import { pendulum } from './families/pendulum.ts';
import { pouring } from './families/pouring.ts';
import { projectile } from './families/projectile.ts';
import { rollOff } from './families/roll-off.ts';
import { seeSaw } from './families/see-saw.ts';
import { shadow } from './families/shadow.ts';
import { slide } from './families/slide.ts';
import { softDrop } from './families/soft-drop.ts';
import { spring } from './families/spring.ts';
import { toppling } from './families/toppling.ts';

export const families: readonly Family[] = [
  freeFall,
  bouncing,
  projectile,
  slide,
  rollOff,
  pendulum,
  collision,
  toppling,
  dominoes,
  seeSaw,
  spring,
  softDrop,
  damBreak,
  buoyancy,
  heat,
  melting,
  pouring,
  shadow,
  mirror,
  glass,
];
