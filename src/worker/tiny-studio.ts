/**
 * For tests of the session: the folder of a tiny model with random weights at the world's picture size, a
 * page that keeps what it is told, and a device on tfjs's CPU backend that is lost when a test says so.
 */
import type { ComputeDevice, EngineWish } from '../engine/compute-device.ts';
import type { DeviceLoss } from '../engine/device.ts';
import { halvesFromFloats } from '../model/half.ts';
import { serialize } from '../model/safetensors.ts';
import type { StoredTensor } from '../model/safetensors.ts';
import { randomParameters } from '../model/tiny-model.ts';
import { parseConfig } from '../model/config.ts';
import { parseEvent } from '../protocol/messages.ts';
import type { EventOf, PageRequest, RequestOf, WorkerEvent } from '../protocol/messages.ts';
import type { PairId, PairRecord, VoteAdded } from '../protocol/records.ts';
import { Session } from './session.ts';

/** Where the models are, and nano's place among them. */
const models = '/tiny/';
export const folder = `${models}nano/`;

const config = {
  size: 'tiny', frames: 25, pixels: 64, frames_per_second: 12.5, autoencoder_patch: 2,
  encoder_channels: [4, 4, 8], decoder_channels: [8, 4, 4], latent_channels: 4, backbone_width: 16,
  backbone_blocks: 2, backbone_heads: 2, backbone_mlp: 16, backbone_patch: 8, head_width: 8, width: 16, blocks: 1, heads: 2, mlp: 24, patch: 2,
  time_width: 8, domains: 8, rotary_pairs: [2, 1, 1], rotary_base: 100, lora_rank: 16,
  lora_alpha: 16, sampler_method: 'euler', sampler_steps: 4, guidance: 1, temperature: 1,
};

/** Text of model.json and bytes of model.safetensors. */
function tinyFolder(): { description: string; weights: Uint8Array<ArrayBuffer> } {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { shape, values }] of randomParameters(parseConfig(config), 7)) {
    tensors.set(name, { dtype: 'F16', shape: [...shape], data: halvesFromFloats(values) });
  }
  return { description: JSON.stringify({ name: 'tiny', config }), weights: serialize(tensors) };
}

/** A fetch that knows the tiny model's folder and nothing else. */
export function serveTinyFolder(): (url: string) => Promise<Response> {
  const { description, weights } = tinyFolder();
  return async (url) => {
    if (url === `${folder}model.json`) return new Response(description);
    if (url === `${folder}model.safetensors`) return new Response(weights);
    return new Response('no', { status: 404 });
  };
}

/** A page that keeps every event and can wait for one. */
export class Page {
  readonly events: WorkerEvent[] = [];
  private readonly waiting = new Set<() => void>();
  readonly session: Session;

  /** `makeDevice` as the session takes it: the engine's own unless given. */
  constructor(makeDevice?: (wish: EngineWish) => Promise<ComputeDevice>) {
    this.session = new Session((event) => {
      this.events.push(parseEvent(event));
      this.waiting.forEach((look) => look());
    }, makeDevice);
  }

  send(request: PageRequest): void {
    this.session.handle(request);
  }

  of<K extends WorkerEvent['kind']>(kind: K): EventOf<K>[] {
    return this.events.filter((event): event is EventOf<K> => event.kind === kind);
  }

  /** The event of this kind number `index`, as soon as it is there. */
  async wait<K extends WorkerEvent['kind']>(kind: K, index = 0): Promise<EventOf<K>> {
    for (;;) {
      const found = this.of(kind);
      if (found.length > index) return found[index];
      const failed = this.of('session.failed')[0];
      if (failed && kind !== 'session.failed') throw new Error(`${failed.code}: ${failed.sentence}`);
      await new Promise<void>((resolve) => {
        const look = () => {
          this.waiting.delete(look);
          resolve();
        };
        this.waiting.add(look);
      });
    }
  }

  start(restored: Partial<RequestOf<'session.start'>['restored']> = {}, autotune = false): void {
    const found = { votes: [], pairs: [], snapshot: null, settings: null, ...restored };
    this.send({
      kind: 'session.start', size: 'nano', engine: 'webgpu', autotune, modelsUrl: models, restored: found,
    });
  }

  async pair(seed: number): Promise<{ ready: EventOf<'pair.ready'>; record: PairRecord }> {
    const pairId: PairId = `pair-${seed}`;
    const [readies, records] = [this.of('pair.ready').length, this.of('pair.record').length];
    const source = { kind: 'scene', family: 'free-fall', split: 'train', seed } as const;
    this.send({ kind: 'pair.request', pairId, source, seeds: [2 * seed, 2 * seed + 1] });
    const ready = await this.wait('pair.ready', readies);
    return { ready, record: (await this.wait('pair.record', records)).record };
  }
}

/** A vote on a pair. */
export function voteFor(record: PairRecord, choice: VoteAdded['choice']): VoteAdded {
  const { sides, generator } = record;
  return {
    kind: 'vote.added', id: `vote-${record.id}`, pairId: record.id, time: new Date(0).toISOString(), choice,
    sides, chosen: choice === 'left' || choice === 'right' ? sides[choice] : null, reasons: [], latency: 1,
    watched: 1, replays: 0, input: 'key', automatic: false, appVersion: '0', modelHash: generator.modelHash,
    generatorStep: generator.step,
  };
}

/** A device for Node, where every operation runs through its oracle (createCpuBackend comes first). */
export class CpuDevice implements ComputeDevice {
  readonly adapterInfo;
  readonly backend = null;
  readonly noGpu = null;
  readonly errors: string[] = [];
  readonly lost: Promise<DeviceLoss>;
  private tellLoss: (loss: DeviceLoss) => void = () => {};
  private readonly listeners = new Set<(message: string) => void>();

  /** @param software whether it says to be a software adapter */
  constructor(software = true) {
    this.adapterInfo = { vendor: '', architecture: '', description: 'CPU', software, features: [] };
    this.lost = new Promise((resolve) => {
      this.tellLoss = resolve;
    });
  }

  lose(): void {
    this.tellLoss({ reason: 'unknown', message: 'lost by a test' });
  }

  /** Reports an error that no work waits for. */
  complain(message: string): void {
    this.errors.push(message);
    this.listeners.forEach((listener) => listener(message));
  }

  onError(listener: (message: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  dispose(): void {
    this.lose();
  }
}
