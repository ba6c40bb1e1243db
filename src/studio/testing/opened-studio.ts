/** A studio on the scripted worker, for tests of the stores: quick, without React and without a browser. */
import { expect, vi } from 'vitest';
import { createMemoryStorage } from '../../storage/memory-storage.ts';
import type { StudioStorage } from '../../storage/studio-storage.ts';
import { createStudio, type Studio } from '../stores/studio.ts';
import { scriptedClient, type Script } from './scripted-worker.ts';

const script = { loading: 8, sampling: 1, training: 1, size: 8 };

/** Waits for as long as a busy machine may take. */
export const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 });

/** A storage that outlives the studio, and says that it does. */
export function disk(): StudioStorage {
  return { ...createMemoryStorage(''), durable: true, notice: null };
}

export async function openStudio(storage: StudioStorage, change: Partial<Script> = {}) {
  const client = scriptedClient({ ...script, ...change });
  let ids = 0;
  const studio = createStudio({
    client,
    openStorage: async () => storage,
    settingsDisk: null,
    modelsUrl: '/models/',
    size: 'auto',
    engine: 'auto',
    autotune: true,
    autoplay: true,
    chance: () => 0.5,
    newId: () => `${ids++}-${Math.random()}`,
    after: (_, work) => void setTimeout(work, 0),
  });
  await studio.start();
  return { client, studio };
}

/** Waits until a pair is on the stage and open for a vote. */
export async function pairOnStage(studio: Studio) {
  await until(() => {
    const { current, voted } = studio.labelling.store.getState();
    expect(current && !voted).toBe(true);
  });
}

/** Waits until the next pair is there as well. */
export async function pairPrepared(studio: Studio) {
  await pairOnStage(studio);
  await until(() => expect(studio.labelling.store.getState().upcoming).toHaveLength(1));
}

/** Votes once and waits until it is saved. */
export async function voteOnce(studio: Studio) {
  await pairOnStage(studio);
  studio.labelling.vote('left', 'key');
  await until(() => expect(studio.labelling.unsaved()).toBe(false));
}

/** Takes so many training steps and waits for the snapshot that follows them. */
export async function train(studio: Studio, steps: number) {
  const { head } = studio.training.store.getState();
  studio.training.take(steps);
  await until(() => expect(studio.training.store.getState().head).not.toEqual(head));
}
