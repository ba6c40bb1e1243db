/**
 * A worker that plays a script: answers every request of the protocol with drawn clips and made-up numbers.
 *
 * For tests of the stores and for the preview page only; the built page never contains it. It learns nothing.
 */
import { parseRequest, type EventOf, type PageRequest, type WorkerEvent } from '../../protocol/messages.ts';
import {
  standingVotes,
  type PairId,
  type PairSource,
  type SnapshotId,
  type SnapshotRecord,
  type TrainingSettings,
  type VoteId,
} from '../../protocol/records.ts';
import { clientOver, type Channel, type WorkerClient } from '../worker-client.ts';
import { drawnClip, drawnStill } from './drawn-clip.ts';

export interface Script {
  /** Milliseconds: of a phase of loading, of a sampling step, of a training step. */
  loading: number;
  sampling: number;
  training: number;
  /** Pixels of a clip, each way. */
  size?: number;
  failure?: EventOf<'session.failed'>;
  /** False plays a GPU; a software adapter unless given. */
  software?: boolean;
  /** Why the processor does the work; a GPU does unless given. */
  noGpu?: string;
  /** Of the weights; a snapshot of others is refused. */
  modelHash?: string;
  /** So many pairs fail before one is made. */
  failures?: number;
}

const metrics = (l2: number) => ({
  l2,
  strictL2: l2,
  chamfer: 2.4 * l2,
  strictChamfer: 2.4 * l2,
  iou: Math.max(0, 0.9 - 6 * l2),
  survival: 1,
});

const drawnProfile: EventOf<'profile.ready'> = {
  kind: 'profile.ready',
  peak: { gflops: 4200, gigabytesPerSecond: 230 },
  captures: [{
    name: 'decode', dispatches: 39, milliseconds: 3.2, bytes: 4.1e7,
    kernels: [
      { kernel: 'convolution/staged', dispatches: 9, milliseconds: 2.7, gflops: 1560, gigabytesPerSecond: 9, ofRoof: 0.37 },
      { kernel: 'tfjs/binary', dispatches: 30, milliseconds: 0.5, gflops: 0, gigabytesPerSecond: 120, ofRoof: 0.52 },
    ],
  }],
  trace: '{"traceEvents":[]}',
};

/** A client whose other side is the script; `sent` collects what the page asked for. */
export function scriptedClient(
  script: Script,
): WorkerClient & { sent: PageRequest[]; emit(event: WorkerEvent): void } {
  const size = script.size ?? 64;
  const modelHash = script.modelHash ?? 'a1b2c3d4e5f60718';
  const sent: PageRequest[] = [];
  const channel: Channel = { onmessage: null, postMessage: (message) => receive(parseRequest(message)) };
  const client = clientOver(channel, () => undefined);
  const later = (milliseconds: number, work: () => void) => setTimeout(work, milliseconds);
  const emit = (event: WorkerEvent) => client.emit(event);
  const cancelled = new Set<PairId>();
  let queue: Promise<void> = Promise.resolve();
  let votes: VoteId[] = [];
  let settings: TrainingSettings = {
    stage: 'generator',
    learningRate: 3e-4,
    beta: 500,
    pairsPerStep: 2,
    drawsPerPair: 2,
  };
  let step = 0;
  let snapshotId: SnapshotId | null = null;
  let savedStep = 0;
  let snapshots = 0;
  let failuresLeft = script.failures ?? 0;
  let toTake = 0;
  let running = false;
  let automatic = 0;

  const wait = (milliseconds: number) => new Promise<void>((resolve) => later(milliseconds, resolve));

  async function start() {
    const total = 12_600_000;
    for (let loaded = 0; loaded <= 10; loaded++) {
      emit({
        kind: 'session.progress',
        phase: 'weights',
        loadedBytes: (total * loaded) / 10,
        totalBytes: total,
        message: 'Loading the weights',
      });
      await wait(script.loading / 10);
    }
    if (script.failure) {
      emit(script.failure);
      return;
    }
    emit({
      kind: 'session.ready',
      adapter: 'Scripted adapter',
      software: script.software ?? true,
      noGpu: script.noGpu ?? null,
      modelHash,
      card: {
        name: 'PhysMaster nano',
        size: 'nano',
        parameters: 6_300_000,
        bytes: total,
        clip: [25, 64, 64],
        framesPerSecond: 12.5,
        families: ['free-fall'],
        sampler: { method: 'euler', steps: 4, guidance: 1, temperature: 1 },
        summary: 'Trained on simulated falls of one to three rigid bodies.',
      },
      training: settings,
      snapshotId,
      step,
    });
    const reason = votes.length > 0 ? 'visitor' : 'no-votes';
    emit({ kind: 'training.state', state: 'idle', reason, usableVotes: votes.length });
  }

  async function pair(pairId: PairId, source: PairSource, byItself: boolean) {
    for (let done = 0; done < 4; done++) {
      if (cancelled.has(pairId)) return;
      emit({ kind: 'pair.progress', pairId, phase: 'sampling', step: done, steps: 4 });
      await wait(script.sampling);
    }
    if (cancelled.has(pairId)) return;
    if (failuresLeft > 0) {
      failuresLeft -= 1;
      emit({ kind: 'pair.failed', pairId, sentence: 'The script lets this pair fail.' });
      return;
    }
    const seed = source.kind === 'scene' ? source.seed : 3;
    const bend = (seed % 5) / 10;
    const about = {
      source,
      description: source.kind === 'scene' ? 'A rubber ball falls from 1.2 m onto tiles' : source.name,
      sides: seed % 2 ? ({ left: 'a', right: 'b' } as const) : ({ left: 'b', right: 'a' } as const),
      seeds: [seed * 2, seed * 2 + 1] as [number, number],
      sampler: { method: 'euler' as const, steps: 4, guidance: 1, temperature: 1 },
      generator: { modelHash, step },
    };
    const image = drawnStill(seed, size);
    emit({
      kind: 'pair.ready',
      pairId,
      ...about,
      clips: { a: drawnClip(seed, 0.5, 0.3 + bend, size), b: drawnClip(seed, 0.35, 0.85, size) },
      truth: source.kind === 'scene' ? drawnClip(seed, 0.5, 0.35 + bend, size) : null,
      outsideNote: source.kind === 'image' ? 'The model has only ever seen simulated falls.' : null,
      automatic: byItself,
      milliseconds: 4 * script.sampling,
    });
    const record = { id: pairId, time: new Date().toISOString(), ...about, image, automatic: byItself };
    emit({ kind: 'pair.record', record: { ...record, tensors: new Uint8Array(16) } });
  }

  async function automaticPairs(firstSeed: number) {
    for (let seed = firstSeed; automatic > 0; seed++) {
      const pairId: PairId = `pair-automatic-${seed}`;
      await pair(pairId, { kind: 'scene', family: 'free-fall', split: 'train', seed }, true);
      await wait(script.sampling);
      emit({ kind: 'vote.automatic', pairId, chosen: 'a', metrics: { a: metrics(0.02), b: metrics(0.07) } });
      emit({ kind: 'automatic.state', running: automatic > 0, votes: seed - firstSeed + 1 });
    }
    emit({ kind: 'automatic.state', running: false, votes: 0 });
  }

  async function train() {
    if (running) return;
    running = true;
    if (step === 0) {
      emit({ kind: 'training.state', state: 'warming-up', reason: null, usableVotes: votes.length });
      await wait(4 * script.training);
    }
    emit({ kind: 'training.state', state: 'running', reason: null, usableVotes: votes.length });
    while (toTake > 0 && votes.length > 0) {
      toTake -= 1;
      step += 1;
      const progress = 1 - Math.exp(-(step - 1) / 18);
      const noise = (scale: number) =>
        step === 1 ? 0 : scale * Math.sin(step * 12.9898) * Math.cos(step * 4.1);
      const chosen = 0.35 * progress + noise(0.22);
      const rejected = -0.75 * progress + noise(0.3);
      const margin = chosen - rejected;
      emit({
        kind: 'training.step',
        values: {
          step,
          stage: settings.stage,
          loss: Math.log1p(Math.exp(-margin)),
          'rewards/chosen': chosen,
          'rewards/rejected': rejected,
          'rewards/accuracies': step === 1 ? 0 : margin > 0.3 ? 1 : 0.5,
          'rewards/margins': margin,
          errors: {
            policyChosen: 0.2 - chosen / 900,
            policyRejected: 0.24 - rejected / 900,
            referenceChosen: 0.2,
            referenceRejected: 0.24,
          },
          gradientNorm: 0.8 + 0.4 * Math.abs(noise(1)),
          learningRate: settings.learningRate,
          beta: settings.beta,
          voteIds: [votes[step % votes.length], votes[(step + 1) % votes.length]],
          milliseconds: script.training,
          warmUp: step === 1,
          memoryBytes: 212_000_000,
        },
      });
      await wait(script.training);
    }
    running = false;
    const reason = votes.length === 0 ? 'no-votes' : toTake === 0 ? 'steps-taken' : 'visitor';
    emit({ kind: 'training.state', state: 'paused', reason, usableVotes: votes.length });
    snapshot('automatic');
  }

  function snapshot(reason: SnapshotRecord['reason']) {
    if (reason !== 'visitor' && step === savedStep) return;
    savedStep = step;
    snapshots += 1;
    emit({
      kind: 'snapshot.ready',
      snapshot: {
        id: `snapshot-${step}-${snapshots}-${Math.round(performance.now())}`,
        runId: null,
        time: new Date().toISOString(),
        step,
        stage: settings.stage,
        reason,
        modelHash,
        bytes: 64,
        weights: new Uint8Array(64),
      },
    });
  }

  async function evaluate(scenes: number) {
    for (let done = 0; done < 2 * scenes; done++) {
      emit({ kind: 'evaluation.progress', done, total: 2 * scenes });
      await wait(script.sampling);
    }
    const seeds = [3, 8, 14, 21].slice(0, scenes);
    emit({
      kind: 'evaluation.ready',
      step,
      seed: 1,
      groundTruthLoss: { before: 0.213, after: 0.213 - step / 4000 },
      scenes: seeds.map((seed, index) => ({
        source: { kind: 'scene', family: 'free-fall', split: index < 2 ? 'seen' : 'unseen', seed },
        description: ['Rubber ball onto tiles', 'Steel ball onto tiles', 'Wooden ball', 'Clay ball'][index],
        before: drawnClip(seed, 0.36, 0.8, size),
        after: drawnClip(seed, 0.46, 0.5, size),
        truth: drawnClip(seed, 0.5, 0.4, size),
        metricsBefore: metrics(0.061),
        metricsAfter: metrics(0.061 - Math.min(0.03, step / 1000)),
      })),
    });
  }

  function restore(found: SnapshotRecord | null) {
    const own = found?.modelHash === modelHash ? found : null;
    step = own?.step ?? 0;
    savedStep = step;
    snapshotId = own?.id ?? null;
    if (found && !own) {
      const sentence = 'The weights of the last visit were not restored.';
      emit({ kind: 'request.refused', request: 'session.start', sentence });
    }
  }

  function receive(request: PageRequest) {
    sent.push(request);
    switch (request.kind) {
      case 'session.start':
        restore(request.restored.snapshot);
        settings = { ...settings, ...request.restored.settings };
        votes = standingVotes(request.restored.votes).flatMap((vote) => (vote.chosen ? vote.id : []));
        void start();
        break;
      case 'scene.list':
        later(script.loading / 8, () =>
          emit({
            kind: 'scene.listed',
            scenes: Array.from({ length: request.count }, (_, index) => {
              const seed = request.firstSeed + index;
              return {
                source: {
                  kind: 'scene', family: request.families[seed % request.families.length], split: request.split, seed,
                },
                description: `A ball falls onto tiles (${seed})`,
                thumbnail: drawnStill(seed, size),
              };
            }),
          }),
        );
        break;
      case 'pair.request':
        queue = queue.then(() => pair(request.pairId, request.source, false));
        break;
      case 'pair.cancel':
        cancelled.add(request.pairId);
        break;
      case 'vote.add':
        if (request.vote.chosen) votes.push(request.vote.id);
        emit({ kind: 'training.state', state: 'paused', reason: 'visitor', usableVotes: votes.length });
        break;
      case 'vote.remove':
        votes = votes.filter((id) => id !== request.voteId);
        break;
      case 'training.start':
        toTake = Infinity;
        void train();
        break;
      case 'training.take':
        toTake += request.steps;
        void train();
        break;
      case 'training.pause':
        toTake = 0;
        break;
      case 'training.configure':
        if (request.settings.stage !== settings.stage) snapshot('automatic');
        settings = request.settings;
        break;
      case 'snapshot.take':
        snapshot('visitor');
        break;
      case 'snapshot.restore':
        snapshot('automatic');
        restore(request.snapshot);
        emit({ kind: 'snapshot.restored', id: snapshotId, step });
        break;
      case 'evaluation.request':
        void evaluate(request.scenes);
        break;
      case 'profile.request':
        emit({ kind: 'profile.progress', done: 0, of: 1 });
        later(script.sampling, () => emit(drawnProfile));
        break;
      case 'automatic.start':
        automatic = 1;
        emit({ kind: 'automatic.state', running: true, votes: 0 });
        void automaticPairs(request.firstSeed);
        break;
      case 'automatic.stop':
        automatic = 0;
        break;
      case 'session.stop':
        break;
    }
  }

  return { ...client, sent };
}
