/**
 * The stage: two clips of what happens next, side by side and in step. While a pair is generated it shows the
 * first frame in the clips' exact place, so that nothing jumps when they arrive.
 */
import { RefreshCw } from 'lucide-react';
import type { ReactNode } from 'react';
import type { EventOf, PairReady } from '../../../protocol/messages.ts';
import type { Image } from '../../../protocol/records.ts';
import { useFrameSource, useLabelling, useSession, useSettings, useStudio } from '../../stores/context.ts';
import type { LabellingState, Waiting } from '../../stores/labelling.ts';
import { sceneSentence } from '../../stores/scene-sentence.ts';
import { loadedShare } from '../../stores/session.ts';
import { Button } from '../../ui/button.tsx';
import { ClipCanvas, StillCanvas } from '../../ui/clip-canvas.tsx';
import { Progress } from '../../ui/controls.tsx';
import { FailurePanel } from './failure-panel.tsx';
import { PlayerBar } from './player-bar.tsx';
import { VoteBar } from './vote-bar.tsx';

export function Stage() {
  const failure = useSession((state) => state.failure);
  const current = useLabelling((state) => state.current);
  return (
    <section className="stage" aria-label="Two clips">
      <Question />
      {failure && <FailurePanel failure={failure} />}
      {(current || !failure) && <Clips />}
      <PlayerBar />
      <VoteBar />
    </section>
  );
}

function Question() {
  const current = useLabelling((state) => state.current);
  const waiting = useLabelling((state) => state.waiting);
  const automatic = useLabelling((state) => state.automatic);
  const comes = useLabelling(nextPair);
  const description = current?.description || waiting?.description;
  const scene = description ? sceneSentence(description) : 'The first frame is given; the rest is predicted.';
  return (
    <header className="question">
      <h1>{automatic.running ? 'The automatic voter is choosing' : 'Which clip is more plausible?'}</h1>
      <p>{comes ?? scene}</p>
      {current?.outsideNote && <p className="outside-note">{current.outsideNote}</p>}
    </header>
  );
}

/** After a vote: how far the next pair is. Null while there is a pair to vote on. */
function nextPair({ voted, waiting, upcoming, stalled, automatic }: LabellingState): string | null {
  if (!voted || automatic.running) return null;
  if (upcoming.length > 0) return 'The next pair is ready.';
  if (stalled) return 'The next pair could not be made.';
  if (!waiting) return null;
  const { progress } = waiting;
  const phase = phases[progress?.phase ?? 'queued'].toLowerCase();
  const step = progress?.phase === 'sampling' ? `, ${progress.step + 1} of ${progress.steps}` : '';
  return `The next pair is on its way: ${phase}${step}.`;
}

function Clips() {
  const current = useLabelling((state) => state.current);
  return (
    <div className="clips">
      {current ? (
        (['left', 'right'] as const).map((side) => <ShownClip key={side} pair={current} side={side} />)
      ) : (
        <ComingClips />
      )}
    </div>
  );
}

function ShownClip({ pair, side }: { pair: PairReady; side: 'left' | 'right' }) {
  const source = useFrameSource();
  const enlarge = useSettings((state) => state.enlarge);
  const voted = useLabelling((state) => state.voted);
  const name = pair.sides[side];
  const clip = pair.clips[name];
  const verdict = voted?.chosen ? (voted.chosen === name ? 'chosen' : 'rejected') : undefined;
  return (
    <figure className="clip" data-side={side} data-verdict={verdict}>
      <ClipCanvas
        frames={clip.frames}
        shape={clip.shape}
        source={source}
        enlarge={enlarge}
        label={side === 'left' ? 'Left clip' : 'Right clip'}
      />
      {voted && <figcaption>{captionOf(verdict, voted.choice)}</figcaption>}
    </figure>
  );
}

function captionOf(verdict: 'chosen' | 'rejected' | undefined, choice: string): string {
  if (verdict === 'chosen') return 'Chosen';
  if (verdict === 'rejected') return 'Not chosen';
  return choice === 'tie' ? 'Tie' : choice === 'skip' ? 'Skipped' : 'Both bad';
}

/** Both places while nothing is there yet: the first frame, and how far the work is. */
function ComingClips() {
  const waiting = useLabelling((state) => state.waiting);
  const stalled = useLabelling((state) => state.stalled);
  const selection = useLabelling((state) => state.selection);
  const first = useSession((state) => state.scenes[0]);
  const expected = selection.kind === 'fixed' ? selection.still : (first?.thumbnail ?? null);
  const still = waiting ? waiting.still : expected;
  return (
    <>
      <ComingClip still={still}>
        {waiting ? <Generating waiting={waiting} /> : stalled ? <Stalled /> : <Loading />}
      </ComingClip>
      <ComingClip still={still} />
    </>
  );
}

function ComingClip({ still, children }: { still: Image | null; children?: ReactNode }) {
  const enlarge = useSettings((state) => state.enlarge);
  return (
    <figure className="clip" data-coming={still ? 'still' : 'empty'}>
      {still ? (
        <StillCanvas {...still} enlarge={enlarge} label="The first frame" />
      ) : (
        <div className="clip-canvas skeleton" />
      )}
      {children && <figcaption className="coming-caption">{children}</figcaption>}
    </figure>
  );
}

function Loading() {
  const progress = useSession((state) => state.progress);
  return (
    <Progress share={loadedShare(progress)} label="Loading the model">
      <p>{progress ? sentenceOf(progress) : 'Starting'}</p>
    </Progress>
  );
}

function Stalled() {
  const { labelling } = useStudio();
  return (
    <>
      <p>No pair could be made.</p>
      <Button icon={<RefreshCw size={16} aria-hidden />} onClick={labelling.next}>
        Try again
      </Button>
    </>
  );
}

function sentenceOf(progress: EventOf<'session.progress'>): string {
  if (progress.phase !== 'weights' || progress.totalBytes === 0) return progress.message;
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  return `Loading the model, ${megabytes(progress.loadedBytes)} of ${megabytes(progress.totalBytes)} MB`;
}

const phases = {
  queued: 'Next in line',
  encoding: 'Looking at the first frame',
  sampling: 'Predicting what happens next',
  decoding: 'Drawing the frames',
};

function Generating({ waiting }: { waiting: Waiting }) {
  const { progress } = waiting;
  const share = progress && progress.steps > 0 ? progress.step / progress.steps : 0;
  return (
    <Progress share={share} label="Generating two clips">
      <p>{progress ? phases[progress.phase] : phases.queued}</p>
    </Progress>
  );
}
