// Time of one dispatch, as long as it takes to tell.
//
// Browsers round timestamps (Chrome to a tenth of a millisecond), and waiting for a GPU costs as much: a fast dispatch
// is repeated until the rounding no longer matters. Its operands are then in the cache, as they may not be in a step.

import { pipelineOf } from './pipeline.ts';
import type { Program } from './pipeline.ts';
import type { RecordedDispatch } from './recorder.ts';

/** What is needed to issue a dispatch. */
export type Launch = Pick<RecordedDispatch, 'pipeline' | 'bindGroup' | 'workgroups'>;

/** A program on buffers in the order of its bindings. */
export function launchOf(device: GPUDevice, program: Program, buffers: readonly GPUBuffer[]): Launch {
  const pipeline = pipelineOf(device, program);
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  return { pipeline, bindGroup, workgroups: program.workgroups };
}

const mostRuns = 256;

function encode(encoder: GPUCommandEncoder, launch: Launch, runs: number, timestamps?: GPUQuerySet): void {
  const pass = encoder.beginComputePass(timestamps && {
    timestampWrites: { querySet: timestamps, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 },
  });
  pass.setPipeline(launch.pipeline);
  pass.setBindGroup(0, launch.bindGroup);
  for (let run = 0; run < runs; run++) {
    pass.dispatchWorkgroups(launch.workgroups[0], launch.workgroups[1], launch.workgroups[2]);
  }
  pass.end();
}

/** By the GPU's own clock, in milliseconds. */
async function stamped(device: GPUDevice, launch: Launch, runs: number): Promise<number> {
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 });
  const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const resolved = device.createBuffer({ size: 16, usage: QUERY_RESOLVE | COPY_SRC });
  const readable = device.createBuffer({ size: 16, usage: COPY_DST | MAP_READ });
  try {
    const encoder = device.createCommandEncoder();
    encode(encoder, launch, runs, querySet);
    encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, readable, 0, 16);
    device.queue.submit([encoder.finish()]);
    await readable.mapAsync(GPUMapMode.READ);
    const [start, end] = new BigUint64Array(readable.getMappedRange());
    return Number(end - start) / 1e6;
  } finally {
    [querySet, resolved, readable].forEach((resource) => resource.destroy());
  }
}

/** By the clock on the wall, in milliseconds: the waiting counts too. */
async function waited(device: GPUDevice, launch: Launch, runs: number): Promise<number> {
  const encoder = device.createCommandEncoder();
  encode(encoder, launch, runs);
  const started = performance.now();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
  return performance.now() - started;
}

/** Milliseconds of one of `runs` dispatches that follow each other. What they write is written again and again. */
export async function timeOf(device: GPUDevice, launch: Launch, runs: number): Promise<number> {
  const clock = device.features.has('timestamp-query') ? stamped : waited;
  return await clock(device, launch, runs) / runs;
}

/** How often a dispatch must run to take `milliseconds` in all; 256 times at most. */
export async function runsFor(device: GPUDevice, launch: Launch, milliseconds: number): Promise<number> {
  // The first run may compile, and a rounded time may be zero: twice is enough to correct for either.
  let runs = 1;
  for (let round = 0; round < 2; round++) {
    const time = await timeOf(device, launch, runs);
    runs = time > 0 ? Math.min(mostRuns, Math.ceil(milliseconds / time)) : 8 * runs;
  }
  return runs;
}
