// `npm run pretrain -- --size nano`: from the world to weights, on the CPU, with Debian's PyTorch.
//   clips (scripts/dataset.ts) -> autoencoder -> backbone -> latents -> base generator -> Stage I
//   -> motion (small) -> decoder again -> background, refiner (small) -> table of samplers
//   -> metrics on held-out clips of every family -> public/models/<size>
// Every stage is a Python module of pretrain/physmaster with a checkpoint of its own, and can be run by hand.
// small grows out of nano (grow.py): first deeper, at nano's resolution and on nano's clips and latents (small-64: base
// generator, Stage I), then to twice the resolution, where its decoder alone learns anew: first where it finds the pixels of
// what moves in the first frame, then all of it, then what is behind what moves and what goes over its clips.
// --resume continues where an interrupted run stopped: finished stages load their checkpoint and end at once;
// table and metrics are kept only while no checkpoint is newer.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelConfigs } from '../src/model/config.ts';
import { familyNames } from '../src/world/world.ts';
import { oneOf, readFlags, runCommand, wholeNumber, type Command } from './command-line.ts';
import { isUpToDate } from './freshness.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const sizes = ['nano', 'small'] as const satisfies readonly (keyof typeof modelConfigs)[];
const stages = ['data', 'autoencoder', 'backbone', 'base', 'stage-one', 'motion', 'decoder', 'background', 'refiner', 'export'] as const;

/** Shares of --clips that training sees, split evenly over the families. */
const trainingSplits = { wide: 0.7, train: 0.3 };
/** Clips of each family that only measure. */
const heldOutSplits = { seen: 128, unseen: 128, 'out-of-range': 64 };

/** Clips of each family that small's decoder learns from. */
const decoderClips = 200;

/** Chunks of one family's training clips: split and number of clips, from seed 0 on. */
function trainingChunks(clips: number): [string, number][] {
  return Object.entries(trainingSplits).map(([split, share]) => [split, Math.round(clips * share)]);
}

/** Clips of each family that samplers are compared on: of the train split, far beyond those that are trained on. */
const validation = { split: 'train', firstSeed: 900_000, clips: 16 };

/** Each training stage's share of --minutes. */
const shares = {
  nano: { autoencoder: 0.2, backbone: 0.04, base: 0.6, 'stage-one': 0.06, motion: 0, decoder: 0.1, background: 0, refiner: 0 },
  small: { autoencoder: 0, backbone: 0, base: 0.5, 'stage-one': 0.15, motion: 0.12, decoder: 0.13, background: 0.05, refiner: 0.05 },
};

const command: Command<
  'size' | 'families' | 'clips' | 'minutes' | 'processes' | 'resume' | 'from' | 'python' | 'data' | 'out' | 'models'
> = {
  invocation: 'npm run pretrain --',
  summary: 'Pretrains a model from the world to weights and writes public/models/<size>.',
  flags: {
    size: { value: 'S', help: sizes.join(', '), default: 'nano' },
    families: { value: 'A,B,..', help: 'families of scenes', default: familyNames.join(',') },
    clips: { value: 'N', help: 'training clips of all families together', default: '60000' },
    minutes: { value: 'N', help: 'training time in all, split over the stages', default: '160' },
    processes: { value: 'P', help: 'data-parallel processes of one thread each', default: '2' },
    resume: { help: 'continue from the checkpoints of an interrupted run' },
    from: { value: 'STAGE', help: `first stage to run: ${stages.join(', ')}`, default: 'data' },
    python: { value: 'FILE', help: 'the Python that has torch', default: '/usr/bin/python3' },
    data: { value: 'DIR', help: 'where clips are kept, a folder a size', default: '.cache/data' },
    out: { value: 'DIR', help: 'where checkpoints, logs and latents are kept, a folder a size', default: '.cache/pretrain' },
    models: { value: 'DIR', help: 'where the model goes, a folder a size', default: 'public/models' },
  },
  notes: 'Needs Debian\'s packages python3-torch, python3-numpy and libopenblas0-pthread.\n'
    + 'The stages by hand, and several machines: pretrain/README.md.',
};

/** Modules that run in one process. */
const single = new Set(['sampler_table', 'measure', 'export', 'model_card']);

/** What training is fast in: torch and OpenBLAS find the processor's instructions themselves, threads wait quietly. */
function trainingEnvironment(): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {
    OMP_WAIT_POLICY: 'passive', MALLOC_MMAP_THRESHOLD_: '8589934592', MALLOC_TRIM_THRESHOLD_: '17179869184',
    ...process.env, PYTHONPATH: join(root, 'pretrain'),
  };
  delete environment.ATEN_CPU_CAPABILITY;
  delete environment.OPENBLAS_CORETYPE;
  delete environment.OPENBLAS_L2_SIZE;
  return environment;
}

/** Runs a program in the repository's root with its output shown; throws when it fails. */
function run(program: string, words: string[], env: NodeJS.ProcessEnv = process.env): void {
  process.stdout.write(`> ${[program, ...words].join(' ')}\n`);
  const { status, error } = spawnSync(program, words, { cwd: root, stdio: 'inherit', env });
  if (error) throw new Error(`${program} could not be started: ${error.message}`);
  if (status !== 0) throw new Error(`${words.slice(0, 3).join(' ')} failed with exit code ${status}.`);
}

/** Throws with the packages to install when this Python cannot train. */
function checkPython(python: string): void {
  const env = trainingEnvironment();
  const check = spawnSync(python, ['-c', 'import torch, numpy'], { encoding: 'utf8', env });
  if (check.status === 0) return;
  const reason = check.error?.message ?? check.stderr.trim().split('\n').at(-1) ?? '';
  throw new Error(
    `${python} cannot import torch and numpy (${reason}).\n`
    + 'On Debian: apt-get install python3-torch python3-numpy libopenblas0-pthread',
  );
}

async function main(): Promise<void> {
  const values = readFlags(command);
  if (!values) return;
  const size = oneOf('size', values.size, sizes);
  const families = (values.families ?? '').split(',').map((name) => oneOf('families', name.trim(), familyNames));
  const clips = wholeNumber('clips', values.clips, 100, 10_000_000);
  const minutes = wholeNumber('minutes', values.minutes, 1, 100_000);
  const processes = wholeNumber('processes', values.processes, 1, 64);
  const first = stages.indexOf(oneOf('from', values.from, stages));
  const { python = '', data = '', out = '', models = '' } = values;
  checkPython(python);
  const wanted = (stage: (typeof stages)[number]) => stages.indexOf(stage) >= first;
  const folder = join(root, out, size);
  mkdirSync(folder, { recursive: true });
  const earlier = (size === 'small' ? ['small-64', size] : [size]).map((name) => join(root, out, name))
    .find((name) => existsSync(join(name, 'autoencoder.pt')));
  if (!values.resume && first === 0 && earlier !== undefined) {
    throw new Error(`${earlier} holds an earlier run: add --resume to continue it, or remove the folder.`);
  }
  // Processes of one thread beat one process of many: half of a step's operations are too small to share out.
  // Debian's torchrun (1.13 under Python 3.11) cannot read its own default of these two; naming no rank means
  // it.
  const unredirected = ['--redirects', '9:1', '--tee', '9:1'];
  const parallel = ['-m', 'torch.distributed.run', '--nnodes', '1', '--nproc_per_node', String(processes),
    '--master_addr', '127.0.0.1', '--master_port', '29517', ...unredirected];
  const stageOf = (name: string, module: string, ...words: string[]) => run(
    python,
    [...(processes > 1 && !single.has(module) ? parallel : []), '-m', `physmaster.${module}`, '--size', name,
      '--data', data, '--out', out, '--threads', String(single.has(module) ? processes : 1), ...words],
    trainingEnvironment(),
  );
  const stage = (module: string, ...words: string[]) => stageOf(size, module, ...words);
  const train = (name: string, share: keyof typeof shares.nano, module: string, batch: number, ...words: string[]) => {
    if (!wanted(share)) return;
    const mine = Math.max(1, Math.round(batch / processes));
    const budget = (minutes * shares[size][share]).toFixed(2);
    stageOf(name, module, '--minutes', budget, '--resume', '--batch', String(mine), ...words);
  };
  const validationData = `${data}-validation`;
  const render = (
    name: keyof typeof modelConfigs, family: string, split: string, firstSeed: number, count: number, folder: string,
  ) => run('npx', [
    'tsx', 'scripts/dataset.ts', '--family', family, '--split', split, '--first-seed', String(firstSeed), '--clips',
    String(count), '--side', String(modelConfigs[name].video.height), '--out', join(folder, name),
  ]);
  if (wanted('data')) {
    for (const family of families) {
      for (const [split, count] of trainingChunks(clips / families.length)) render('nano', family, split, 0, count, data);
      if (size === 'small') render('small', family, 'train', 0, decoderClips, data);
      for (const [split, count] of Object.entries(heldOutSplits)) render(size, family, split, 0, count, data);
      render(size, family, validation.split, validation.firstSeed, validation.clips, validationData);
    }
  }
  const windows = ['--window-batch', String(Math.max(1, Math.round(16 / processes)))];
  const trainGenerator = (name: string) => {
    train(name, 'base', 'train_generator', 32, '--stage', 'base');
    train(name, 'stage-one', 'train_generator', 32, '--stage', 'stage_one');
  };
  const grow = (name: string, smaller: string, into: string) => {
    run(python, ['-m', 'physmaster.grow', '--size', name, '--smaller', smaller, '--into', into, '--data', data,
      '--out', out], trainingEnvironment());
  };
  if (size === 'nano') {
    train(size, 'autoencoder', 'train_autoencoder', 6, ...windows);
    train(size, 'backbone', 'train_backbone', 64);
    if (wanted('base')) stage('encode_latents');
    trainGenerator(size);
  } else {
    if (wanted('base')) {
      run(python, ['-m', 'physmaster.restore', '--size', 'nano', '--models', models, '--out', out], trainingEnvironment());
      stageOf('nano', 'encode_latents');
      // What has learned since it grew is not thrown away.
      if (!existsSync(join(root, out, 'small-64', 'base.pt'))) grow('small-64', 'nano', 'base');
    }
    trainGenerator('small-64');
    if (wanted('motion')) {
      const grownFrom = join(root, out, 'small-64', 'stage_one.pt');
      if (!isUpToDate(join(folder, 'stage_one.pt'), [grownFrom])) grow(size, 'small-64', 'stage_one');
      stage('encode_latents', '--splits', 'train');
    }
    train(size, 'motion', 'train_motion', 8, '--splits', 'train');
  }
  train(size, 'decoder', 'train_decoder', 6, ...windows, ...(size === 'small' ? ['--splits', 'train'] : []));
  if (size === 'small') {
    train(size, 'background', 'train_background', 16, '--splits', 'train');
    train(size, 'refiner', 'train_refiner', 8, '--splits', 'train');
  }
  const metrics = join(folder, 'metrics.json');
  const checkpoints = readdirSync(folder).filter((name) => name.endsWith('.pt'));
  const renew = (file: string, module: string, ...words: string[]) => {
    if (values.resume && isUpToDate(file, checkpoints.map((name) => join(folder, name)))) return;
    rmSync(file, { force: true });
    stage(module, '--file', file, ...words);
  };
  renew(join(folder, 'samplers.json'), 'sampler_table', '--data', validationData);
  renew(metrics, 'measure');
  stage('export', '--metrics', metrics, '--models', models);
  stage('model_card', '--models', models);
}

await runCommand(command.invocation, main);
