/** The log: votes, training steps and snapshots as tables, and what can be taken away. */
import { Download } from 'lucide-react';
import { useState } from 'react';
import type { PairReady } from '../../../protocol/messages.ts';
import { useLabelling, useStudio, useTraining } from '../../stores/context.ts';
import { Button } from '../../ui/button.tsx';
import { Segmented } from '../../ui/controls.tsx';
import { download } from '../../ui/download.ts';
import { gifFromFrames, sideBySide } from './gif.ts';
import { SnapshotsTable } from './snapshots-table.tsx';
import { StepsTable } from './steps-table.tsx';
import { VotesTable } from './votes-table.tsx';

const pages = [
  { value: 'votes', label: 'Votes' },
  { value: 'steps', label: 'Training steps' },
  { value: 'snapshots', label: 'Snapshots' },
] as const;

export function Log() {
  const [page, setPage] = useState<(typeof pages)[number]['value']>('votes');
  return (
    <section className="log" aria-label="Log">
      <header>
        <h2>Log</h2>
        <Segmented label="Log" value={page} options={pages} onChange={(value) => setPage(value)} />
        <Exports />
      </header>
      <div className="log-table" hidden={page !== 'votes'}>
        <VotesTable />
      </div>
      <div className="log-table" hidden={page !== 'steps'}>
        <StepsTable />
      </div>
      <div className="log-table" hidden={page !== 'snapshots'}>
        <SnapshotsTable />
      </div>
    </section>
  );
}

function Exports() {
  const studio = useStudio();
  const votes = useLabelling((state) => state.events.length);
  const steps = useTraining((view) => view.steps.length);
  const pair = useLabelling((state) => state.current);
  return (
    <div className="log-exports">
      <Button
        icon={<Download size={16} aria-hidden />}
        disabled={pair === null}
        title="The two clips on the stage, beside each other"
        onClick={() => pair && download('clips.gif', 'image/gif', gifOf(pair))}
      >
        clips.gif
      </Button>
      <Button
        icon={<Download size={16} aria-hidden />}
        disabled={votes === 0}
        onClick={() => download('votes.jsonl', 'application/jsonl', studio.votesFile())}
      >
        votes.jsonl
      </Button>
      <Button
        icon={<Download size={16} aria-hidden />}
        disabled={steps === 0}
        onClick={() => download('metrics.csv', 'text/csv', studio.stepsFile())}
      >
        metrics.csv
      </Button>
    </div>
  );
}

function gifOf({ clips, sides }: PairReady): Uint8Array<ArrayBuffer> {
  const { shape, framesPerSecond } = clips.a;
  const both = sideBySide(clips[sides.left].frames, clips[sides.right].frames, shape);
  return gifFromFrames(both.frames, both.shape, framesPerSecond);
}
