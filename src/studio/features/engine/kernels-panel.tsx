/** The kernels on this adapter: which way each runs, and where the time goes. */
import { Popover } from '@base-ui/react/popover';
import { Download, Gauge } from 'lucide-react';
import { Fragment, useState } from 'react';
import type { ProfileReady } from '../../../protocol/messages.ts';
import { useSession, useStudio } from '../../stores/context.ts';
import { Button } from '../../ui/button.tsx';
import { Segmented } from '../../ui/controls.tsx';
import { download } from '../../ui/download.ts';

const pages = [
  { value: 'ways', label: 'Ways to run' },
  { value: 'times', label: 'Where time goes' },
] as const;

/** Content of a popover. */
export function KernelsPanel() {
  const [page, setPage] = useState<(typeof pages)[number]['value']>('ways');
  return (
    <div className="kernels">
      <Popover.Title>Kernels on this adapter</Popover.Title>
      <Segmented label="Kernels" value={page} options={pages} onChange={(value) => setPage(value)} />
      {page === 'ways' ? <Ways /> : <Times />}
    </div>
  );
}

/** How each kernel runs, and what the ways to run it took. */
function Ways() {
  const tuned = useSession((state) => state.tuned);
  return (
    <>
      <Popover.Description>
        {tuned === null || tuned.kernels.length === 0
          ? 'The usual way to run each kernel is used. While nothing else is wanted the others are measured, and what '
            + 'is faster takes its place; what was measured at an earlier visit counts.'
          : `Measured in ${(tuned.milliseconds / 1000).toFixed(1)} s: ${tuned.kernels.length} shapes. The fastest way `
            + `to run each is in use${tuned.left > 0 ? `; ${tuned.left} more wait for the next visit` : ''}.`}
      </Popover.Description>
      {tuned !== null && tuned.kernels.length > 0 && (
        <div className="kernel-list">
          <table>
            <thead>
              <tr>
                <th>Kernel and shape</th>
                <th>In use</th>
                <th className="number">ms</th>
                <th className="number">Next best</th>
              </tr>
            </thead>
            <tbody>
              {tuned.kernels.map(({ key, variant, milliseconds }) => {
                const others = Object.entries(milliseconds).filter(([name]) => name !== variant);
                return (
                  <tr key={key}>
                    <td>{key}</td>
                    <td>{variant}</td>
                    <td className="number">{shortTime(milliseconds[variant])}</td>
                    <td className="number">{shortTime(Math.min(...others.map(([, time]) => time)))}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

/** Captured pieces of the model as a person would call them. */
const pieces: Readonly<Record<string, string>> = {
  'encode-image': 'Reading an image',
  'physics-tokens': 'Physics tokens',
  'velocity-2': 'A sampler\'s step for two clips',
  decode: 'Decoding a clip',
  'training-step': 'A training step on one pair',
};

/** Every kernel's time beside what the adapter can do. */
function Times() {
  const { session } = useStudio();
  const profile = useSession((state) => state.profile);
  const profiling = useSession((state) => state.profiling);
  return (
    <>
      <Popover.Description>
        {profile === null
          ? 'Times every kernel of a pair of clips and of a training step, on a copy of the model, and what this adapter '
            + 'can do at most. Takes seconds on a GPU; pairs and training wait.'
          : `This adapter reaches ${throughput(profile.peak.gflops)} in multiply-adds and `
            + `${profile.peak.gigabytesPerSecond.toPrecision(3)} GB/s in a copy. Of its roof: the least time that this `
            + 'allows a kernel, over the time it takes.'}
      </Popover.Description>
      {profile !== null && (
        <div className="kernel-list">
          <table>
            <thead>
              <tr>
                <th>Kernel</th>
                <th className="number">Times</th>
                <th className="number">ms</th>
                <th className="number">GFLOP/s</th>
                <th className="number">Of its roof</th>
              </tr>
            </thead>
            <tbody>
              {profile.captures.map((capture) => (
                <Fragment key={capture.name}>
                  <tr className="kernel-piece">
                    <th>
                      {pieces[capture.name] ?? capture.name}
                      <small>{(capture.bytes / 1e6).toFixed(capture.bytes < 1e7 ? 1 : 0)} MB</small>
                    </th>
                    <td className="number">{capture.dispatches}</td>
                    <td className="number">{shortTime(capture.milliseconds)}</td>
                    <td className="number">{rate(overall(capture, 'gflops'))}</td>
                    <td className="number">{percent(overall(capture, 'ofRoof'))}</td>
                  </tr>
                  {capture.kernels.map(({ kernel, dispatches, milliseconds, gflops, ofRoof }) => (
                    <tr key={kernel}>
                      <td>{kernel}</td>
                      <td className="number">{dispatches}</td>
                      <td className="number">{shortTime(milliseconds)}</td>
                      <td className="number">{gflops > 0 ? rate(gflops) : ''}</td>
                      <td className="number">{percent(ofRoof)}</td>
                    </tr>
                  ))}
                </Fragment>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div className="kernel-actions">
        <Button
          icon={<Gauge size={16} aria-hidden />}
          disabled={profiling !== null}
          onClick={() => session.profile()}
        >
          {profiling !== null ? progressOf(profiling) : profile === null ? 'Measure' : 'Measure again'}
        </Button>
        {profile !== null && (
          <Button
            icon={<Download size={16} aria-hidden />}
            title="Perfetto and chrome://tracing open it"
            onClick={() => download('trace.json', 'application/json', profile.trace)}
          >
            trace.json
          </Button>
        )}
      </div>
    </>
  );
}

function progressOf({ done, of }: { done: number; of: number }): string {
  return of === 0 ? 'Measuring the adapter' : `Measuring ${done + 1} of ${of}`;
}

function throughput(gflops: number): string {
  return gflops < 1000 ? `${gflops.toPrecision(3)} GFLOP/s` : `${(gflops / 1000).toPrecision(3)} TFLOP/s`;
}

function rate(gflops: number): string {
  return gflops < 100 ? gflops.toPrecision(3) : gflops.toFixed(0);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

/** A rate of a piece as a whole: its kernels' by their times. */
function overall({ kernels, milliseconds }: ProfileReady['captures'][number], rateOf: 'gflops' | 'ofRoof'): number {
  return kernels.reduce((sum, kernel) => sum + kernel[rateOf] * kernel.milliseconds, 0) / milliseconds;
}

function shortTime(milliseconds: number): string {
  return milliseconds < 1 ? milliseconds.toFixed(3) : milliseconds.toPrecision(3);
}
