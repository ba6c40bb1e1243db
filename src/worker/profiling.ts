/** Answers `profile.request`: times the kernels on a copy of the model, beside the visitor's. */
import { sharesOf } from '../engine/roofline.ts';
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
  // What follows a space says how a step was captured.
  const named = captures.map(({ name, ...rest }) => ({ name: name.split(' ')[0], ...rest }));
  emit({
    kind: 'profile.ready',
    peak,
    captures: named.map(({ name, bytes, times }) => ({
      name,
      bytes,
      dispatches: times.length,
      milliseconds: times.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
      kernels: sharesOf(times, peak),
    })),
    trace: JSON.stringify(chromeTrace(host.adapter, Object.fromEntries(named.map(({ name, times }) => [name, times])))),
  });
}
