/** The log: every vote and every training step as a table, and both to take away. */
import { Download } from 'lucide-react';
import { useState } from 'react';
import { standingVotes, type TrainingStep, type VoteAdded, type VoteId } from '../../../protocol/records.ts';
import { useLabelling, useStudio, useTraining } from '../../stores/context.ts';
import { Button } from '../../ui/button.tsx';
import { Segmented } from '../../ui/controls.tsx';
import { short } from '../../ui/line-chart.tsx';
import { download } from './download.ts';

/** Rows that are drawn; the export has them all. */
const shownRows = 200;

const pages = [
  { value: 'votes', label: 'Votes' },
  { value: 'steps', label: 'Training steps' },
] as const;

export function Log() {
  const [page, setPage] = useState<'votes' | 'steps'>('votes');
  return (
    <section className="log" aria-label="Log">
      <header>
        <h2>Log</h2>
        <Segmented label="Log" value={page} options={pages} onChange={(value) => setPage(value)} />
        <Exports />
      </header>
      <div className="log-table" hidden={page !== 'votes'}>
        <Votes />
      </div>
      <div className="log-table" hidden={page !== 'steps'}>
        <Steps />
      </div>
    </section>
  );
}

function Exports() {
  const studio = useStudio();
  const votes = useLabelling((state) => state.events.length);
  const steps = useTraining((view) => view.steps.length);
  return (
    <div className="log-exports">
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

const choices: Record<VoteAdded['choice'], string> = {
  left: 'Left',
  right: 'Right',
  tie: 'Tie',
  'both-bad': 'Both bad',
  skip: 'Skip',
};

function Votes() {
  const studio = useStudio();
  const events = useLabelling((state) => state.events);
  const saves = useLabelling((state) => state.saves);
  const pairs = useLabelling((state) => state.pairs);
  const standing = new Set(standingVotes(events).map((vote) => vote.id));
  const numbers = numbersOf(events);
  const votes = events.filter((event): event is VoteAdded => event.kind === 'vote.added');
  if (votes.length === 0) return <p className="hint">No votes yet.</p>;
  const sceneOf = (vote: VoteAdded) => pairs.find((pair) => pair.id === vote.pairId)?.description ?? '';
  return (
    <table>
      <thead>
        <tr>
          <th>Vote</th>
          <th>Choice</th>
          <th>Scene</th>
          <th>By</th>
          <th className="number">Took</th>
          <th>State</th>
          <th>
            <span className="visually-hidden">Undo</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {votes
          .slice(-shownRows)
          .reverse()
          .map((vote) => (
            <tr
              key={vote.id}
              data-vote-id={vote.id}
              data-standing={standing.has(vote.id)}
              data-save={saves[vote.id]}
            >
              <td>#{numbers.get(vote.id)}</td>
              <td>{choices[vote.choice]}</td>
              <td className="wide">{sceneOf(vote)}</td>
              <td>{vote.automatic ? 'Automatic' : vote.input}</td>
              <td className="number">{vote.automatic ? '' : `${(vote.latency / 1000).toFixed(1)} s`}</td>
              <td>{standing.has(vote.id) ? (saves[vote.id] ?? '') : 'undone'}</td>
              <td>
                {standing.has(vote.id) && (
                  <Button tone="quiet" onClick={() => studio.labelling.remove(vote.id)}>
                    Undo
                  </Button>
                )}
              </td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}

/** Votes by number, in the order of the log. */
function numbersOf(events: readonly { kind: string; id: VoteId }[]): Map<VoteId, number> {
  const added = events.filter((event) => event.kind === 'vote.added');
  return new Map(added.map((event, index) => [event.id, index + 1]));
}

function Steps() {
  const steps = useTraining((view) => view.steps);
  const events = useLabelling((state) => state.events);
  const numbers = numbersOf(events);
  if (steps.length === 0) return <p className="hint">No training steps yet.</p>;
  return (
    <table>
      <thead>
        <tr>
          <th>Step</th>
          <th className="number">Loss</th>
          <th className="number">Margin</th>
          <th className="number">Accuracy</th>
          <th className="number">Gradient</th>
          <th className="number">Time</th>
          <th>Learned from</th>
        </tr>
      </thead>
      <tbody>
        {steps
          .slice(-shownRows)
          .reverse()
          .map((step) => (
            <StepRow key={step.step} step={step} numbers={numbers} />
          ))}
      </tbody>
    </table>
  );
}

function StepRow({ step, numbers }: { step: TrainingStep; numbers: Map<VoteId, number> }) {
  const votes = [...new Set(step.voteIds)];
  return (
    <tr
      data-step={step.step}
      data-loss={step.loss}
      data-margin={step['rewards/margins']}
      data-vote-ids={votes.join(' ')}
    >
      <td>{step.step}</td>
      <td className="number">{step.loss.toFixed(4)}</td>
      <td className="number">{short(step['rewards/margins'])}</td>
      <td className="number">{short(step['rewards/accuracies'])}</td>
      <td className="number">{short(step.gradientNorm)}</td>
      <td className="number">{step.milliseconds.toFixed(0)} ms</td>
      <td className="wide">{votes.map((id) => `#${numbers.get(id) ?? '?'}`).join(' ')}</td>
    </tr>
  );
}
