/**
 * Opening a session: device, world, weights, then the votes, pairs and weights of earlier visits.
 *
 * The device is asked for first, because without one there is no point in loading weights. Each phase is told
 * to the page. What was stored for other weights is left out: such pairs cannot be trained on, such a
 * snapshot cannot be restored.
 */
import type { ComputeDevice, EngineWish } from '../engine/compute-device.ts';
import { PreferenceSet } from '../learning/preference-set.ts';
import { readSnapshot, SnapshotError } from '../learning/snapshots.ts';
import { latentShape } from '../model/config.ts';
import { fetchModel } from '../model/weights.ts';
import type { EventOf, RequestOf, WorkerEvent } from '../protocol/messages.ts';
import { standingVotes } from '../protocol/records.ts';
import type { ModelSize, SnapshotId } from '../protocol/records.ts';
import type { World } from '../world/world.ts';
import { isHeldOut } from './evaluation-work.ts';
import { Familiarity } from './familiarity.ts';
import { trainedFamilies } from './model-card.ts';
import { ModelHost } from './model-host.ts';
import { PairArchive } from './pair-archive.ts';
import { WorldError } from './session-failure.ts';
import type { Workbench } from './workbench.ts';

type Phase = EventOf<'session.progress'>['phase'];

/** What a session begins with; `snapshotId`: whose weights they are, null for the pretrained ones. */
export interface Opening {
  readonly bench: Workbench;
  readonly snapshotId: SnapshotId | null;
  readonly size: ModelSize;
}

/** The model that `auto` stands for: what a processor does in a GPU's place is bearable with nano alone. */
export function sizeFor({ noGpu, adapterInfo }: Pick<ComputeDevice, 'noGpu' | 'adapterInfo'>): ModelSize {
  return noGpu === null && !adapterInfo.software ? 'small' : 'nano';
}

/** Opens what `session.start` asks for. Rejects with NoWebGPUError, WeightsError or WorldError. */
export async function openSession(
  request: RequestOf<'session.start'>, world: Promise<World>,
  makeDevice: (wish: EngineWish) => Promise<ComputeDevice>,
  emit: (event: WorkerEvent) => void,
): Promise<Opening> {
  const tell = (phase: Phase, message: string, loadedBytes = 0, totalBytes = 0) =>
    emit({ kind: 'session.progress', phase, loadedBytes, totalBytes, message });
  tell('device', 'Asking the browser for the GPU');
  const engine = await makeDevice(request.engine);
  tell('world', 'Loading the world');
  const ready = await world.catch((cause: unknown) => {
    throw new WorldError(`The world's physics engine did not load: ${String(cause)}`);
  });
  const size = request.size === 'auto' ? sizeFor(engine) : request.size;
  const loading = `Loading the weights of ${size}`;
  tell('weights', loading);
  const file = await fetchModel(`${request.modelsUrl}${size}/`, (loaded, total) => {
    tell('weights', loading, loaded, Math.max(total, 0));
  });
  tell('upload', engine.noGpu === null ? 'Putting the model on the GPU' : 'Putting the model in place');
  const host = new ModelHost(engine, file);
  tell('restore', 'Putting back votes and weights of earlier visits');
  const { height, width } = file.config.video;
  const archive = new PairArchive({ latent: latentShape(file.config).size, image: height * width * 3 });
  for (const pair of request.restored.pairs) archive.add(pair);
  const own = request.restored.pairs.filter(({ generator }) => generator.modelHash === file.hash);
  const damaged = own.filter((pair) => !archive.readable(pair)).length;
  if (damaged > 0) {
    emit({
      kind: 'request.refused', request: request.kind,
      sentence: `Stored pairs that are damaged, and that nothing is learned from: ${damaged}.`,
    });
  }
  const votes = standingVotes(request.restored.votes).filter(({ pairId }) => {
    const record = archive.get(pairId);
    const heldOut = record?.source.kind === 'scene' && isHeldOut(record.source);
    return archive.usable(pairId, file.hash) && !heldOut;
  });
  const preferences = new PreferenceSet(votes.map(({ id, pairId, chosen }) => ({ id, pairId, chosen })));
  const snapshotId = await restoreSnapshot(host, request, emit);
  const familiarity = new Familiarity(ready, trainedFamilies(file));
  return { bench: { world: ready, archive, familiarity, host, preferences, emit }, snapshotId, size };
}

/** Puts the stored snapshot back where it fits; gives its id then. */
async function restoreSnapshot(
  host: ModelHost, request: RequestOf<'session.start'>, emit: (event: WorkerEvent) => void,
): Promise<SnapshotId | null> {
  const { snapshot } = request.restored;
  if (snapshot === null) return null;
  try {
    await host.trainer.restore(readSnapshot(host.state, snapshot.weights));
    return snapshot.id;
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    emit({
      kind: 'request.refused', request: 'session.start',
      sentence: `The weights of the last visit were not restored. ${error.message}`,
    });
    return null;
  }
}
