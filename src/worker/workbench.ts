/**
 * What the parts of a session share: the world, the host of model and trainer, pairs and votes, and the way
 * back to the page. `host` is replaced when a lost device is made anew, so nobody keeps it.
 */
import type { PreferenceSet } from '../learning/preference-set.ts';
import type { WorkerEvent } from '../protocol/messages.ts';
import type { World } from '../world/world.ts';
import type { Familiarity } from './familiarity.ts';
import type { ModelHost } from './model-host.ts';
import type { PairArchive } from './pair-archive.ts';

export interface Workbench {
  readonly world: World;
  readonly archive: PairArchive;
  readonly familiarity: Familiarity;
  host: ModelHost;
  preferences: PreferenceSet;
  emit(event: WorkerEvent): void;
}
