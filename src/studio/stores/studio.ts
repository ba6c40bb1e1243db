/**
 * The studio: all stores, wired to the worker and to storage. Runs without React and without a browser, given
 * a client and a storage; the page makes one and keeps it.
 */
import { version } from '../../../package.json';
import type { EngineWish, PageRequest, SizeWish, WorkerEvent } from '../../protocol/messages.ts';
import type { PairSource, Image, SnapshotRecord } from '../../protocol/records.ts';
import { stepsAsCsv, votesAsJsonl } from '../../storage/export.ts';
import { storageErrorFrom } from '../../storage/storage-error.ts';
import type { StoredStudio, StudioStorage } from '../../storage/studio-storage.ts';
import type { WorkerClient } from '../worker-client.ts';
import { createEvaluation } from './evaluation.ts';
import { createLabelling } from './labelling.ts';
import { createPlayer } from './player.ts';
import { createSessionStore, familiesOf } from './session.ts';
import { createSettingsStore } from './settings.ts';
import { createTraining, lineage } from './training.ts';
import { createWorldTour } from './world-tour.ts';

export interface StudioDependencies {
  client: WorkerClient;
  openStorage(): Promise<StudioStorage>;
  settingsDisk: Pick<Storage, 'getItem' | 'setItem'> | null;
  /** Where the models are: a folder with a folder for each size, with a closing slash. */
  modelsUrl: string;
  size: SizeWish;
  /** What the model is to run on. */
  engine: EngineWish;
  /** Whether kernels may be measured on the adapter. */
  autotune: boolean;
  /** False where the visitor prefers reduced motion. */
  autoplay: boolean;
  now?: () => number;
  newId?: () => string;
  after?: (milliseconds: number, work: () => void) => void;
  /** A number in [0, 1): which scenes a visit begins with. */
  chance?: () => number;
}

export type Studio = ReturnType<typeof createStudio>;

export const appVersion = version;
/** Thumbnails in the gallery, and scenes asked for at a time. */
export const galleryScenes = 10;
/** First seeds are drawn below this, well inside what a scene's seed may be. */
const seedRange = 1_000_000;

export function createStudio(dependencies: StudioDependencies) {
  const { client } = dependencies;
  const now = dependencies.now ?? (() => Date.now());
  const newId = dependencies.newId ?? (() => crypto.randomUUID());
  const chance = dependencies.chance ?? Math.random;
  const after = dependencies.after ?? ((milliseconds, work) => void setTimeout(work, milliseconds));
  let storage: StudioStorage | null = null;
  let firstSeed = Math.floor(chance() * seedRange);
  let drawn = 0;

  const send = (request: PageRequest) => client.send(request);
  const openStorage = () => {
    if (!storage) throw new Error('The storage is not open yet.');
    return storage;
  };

  const session = createSessionStore(send);
  const settings = createSettingsStore(dependencies.settingsDisk);
  const player = createPlayer(dependencies.autoplay);

  function listScenes(count = galleryScenes) {
    const families = [...familiesOf(session.store.getState())];
    send({ kind: 'scene.list', families, split: 'train', firstSeed, count });
    firstSeed += count;
  }

  /** The next scene of the list, so that its first frame is known; more are listed before it ends. */
  function draw(): { source: PairSource; description: string; still: Image | null } {
    const { scenes } = session.store.getState();
    const scene = scenes[drawn];
    drawn += 1;
    if (scenes.length - drawn < 3) listScenes();
    if (scene) return { source: scene.source, description: scene.description, still: scene.thumbnail };
    const [family] = familiesOf(session.store.getState());
    const source = { kind: 'scene', family, split: 'train', seed: Math.floor(chance() * seedRange) } as const;
    return { source, description: '', still: null };
  }

  const labelling = createLabelling({
    send,
    storage: openStorage,
    player,
    draw,
    tell: session.tell,
    now,
    newId,
    after,
    advanceByItself: () => settings.store.getState().advance,
    sampler: () => {
      const { card } = session.store.getState();
      if (!card) return undefined;
      const { samplerSteps, temperature } = settings.store.getState();
      return {
        ...card.sampler, steps: samplerSteps ?? card.sampler.steps,
        temperature: temperature ?? card.sampler.temperature,
      };
    },
    appVersion,
  });
  const training = createTraining({
    send,
    storage: openStorage,
    tell: session.tell,
    now,
    newId,
    circumstances: () => {
      const { modelHash, adapter } = session.store.getState();
      return { modelHash, adapter, appVersion };
    },
  });
  const evaluation = createEvaluation(send, () => settings.store.getState().refreshEvery);
  const worldTour = createWorldTour(send);

  function receive(event: WorkerEvent) {
    session.receive(event);
    labelling.receive(event);
    training.receive(event);
    evaluation.receive(event);
    worldTour.receive(event);
    const { status, scenes } = session.store.getState();
    const listed = scenes.length > 0 || (event.kind === 'request.refused' && event.request === 'scene.list');
    // What was listed before the model was known is of one family; the gallery wants to show them all.
    if (event.kind === 'session.ready' && event.card.families.length > 1) listScenes();
    if (status === 'ready' && listed) labelling.begin();
    if (idle()) evaluation.begin();
  }

  /**
   * A pair is looked at and the next one is there: the GPU has nothing to do. On a software adapter an
   * evaluation would hold up the pair after that for too long; it waits for training there.
   */
  function idle(): boolean {
    const { status, software } = session.store.getState();
    const { current, waiting, upcoming, automatic } = labelling.store.getState();
    const prepared = current !== null && waiting === null && upcoming.length > 0;
    return status === 'ready' && !software && prepared && !automatic.running;
  }

  /** Opens storage, puts back what it holds, and starts the session. Never rejects. */
  async function start(): Promise<void> {
    client.listen(receive);
    const opened = await dependencies.openStorage();
    storage = opened;
    session.store.setState({ storage: { durable: opened.durable, notice: opened.notice, kept: false } });
    let snapshot: SnapshotRecord | null = null;
    let found: StoredStudio | null = null;
    try {
      found = await opened.load();
      const { head, snapshots, runs } = found;
      snapshot = snapshots.find((known) => known.id === head.snapshotId) ?? null;
      const steps = await lineage(opened, head, snapshots, runs);
      labelling.restore(found.votes, found.pairs);
      training.restore({ runs, snapshots, head: snapshot ? head : { snapshotId: null, runId: null }, steps });
      if (found.damaged > 0) {
        session.tell(`${found.damaged} stored records could not be read and were left out.`, 'warning');
      }
    } catch (cause) {
      session.tell(storageErrorFrom(cause).message, 'warning');
    }
    if (opened.notice) session.tell(opened.notice, 'warning');
    send({
      kind: 'session.start',
      size: dependencies.size,
      engine: dependencies.engine,
      autotune: dependencies.autotune,
      modelsUrl: dependencies.modelsUrl,
      restored: {
        votes: found?.votes ?? [],
        pairs: found?.pairs ?? [],
        snapshot,
        settings: found?.runs.at(-1)?.settings ?? null,
      },
    });
    // The first scene on its own, so that there is something to see at once.
    listScenes(1);
    listScenes(galleryScenes - 1);
  }

  /** The label log as JSONL, and the training steps as CSV. */
  const votesFile = () => {
    const { events, pairs } = labelling.store.getState();
    return votesAsJsonl(events, pairs);
  };
  const stepsFile = () => stepsAsCsv(training.store.getState().steps);

  return { session, settings, player, labelling, training, evaluation, worldTour, start, votesFile, stepsFile };
}
