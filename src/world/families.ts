// All families of scenes, in the order in which people are shown them.

import type { Family } from './family.ts';
import { freeFall } from './families/free-fall.ts';

export const families: readonly Family[] = [freeFall];
