/** Answers `profile.request`: times the kernels on a copy of the model, beside the visitor's. */
import { sharesOf, totalMilliseconds } from '../engine/roofline.ts';
import { chromeTrace } from '../engine/trace.ts';
import { profileModel } from '../learning/profile.ts';
import { RefusedError } from './pair-maker.ts';
import type { Workbench } from './workbench.ts';

/** Rejects with RefusedError where no GPU computes. */
export async function profile({ host, emit }: Workbench): Promise<void> {
  const { backend } = host.engine;
  if (backend === null) throw new RefusedError('The model runs on the processor here: there are no kernels to time.');
  const { peak, captures } = await profileModel(backend, host.model.file,
    (done, of) => emit({ kind: 'profile.progress', done, of }));
  emit({
    kind: 'profile.ready',
    peak,
    captures: captures.map(({ name, bytes, times }) => ({
      name,
      bytes,
      dispatches: times.length,
      milliseconds: totalMilliseconds(times),
      kernels: sharesOf(times, peak),
    })),
    trace: JSON.stringify(chromeTrace(host.adapter, captures)),
  });
}
