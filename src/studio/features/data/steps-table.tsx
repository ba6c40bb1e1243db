/** Every training step, the last one first, with the votes that it learned from. */
import type { TrainingStep, VoteId } from '../../../protocol/records.ts';
import { useLabelling, useTraining } from '../../stores/context.ts';
import { short } from '../../ui/line-chart.tsx';
import { numbersOf, shownRows } from './vote-numbers.ts';

export function StepsTable() {
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
