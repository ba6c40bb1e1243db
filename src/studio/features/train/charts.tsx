/** The charts of training, one above the other over the same steps, with one cursor. */
import { useMemo } from 'react';
import type { TrainingStep } from '../../../protocol/records.ts';
import { useStudio, useTraining } from '../../stores/context.ts';
import { LineChart, short } from '../../ui/line-chart.tsx';
import { useScheme } from '../../ui/use-scheme.ts';
import { quantityOf } from './series.ts';

interface ChartPlan {
  title: string;
  /** What it tells, for those who hover or listen. */
  meaning: string;
  range: readonly [number, number];
  reference?: { value: number; label: string };
  quantities: { name: string; colour: string; value(step: TrainingStep): number }[];
}

const plans: readonly ChartPlan[] = [
  {
    title: 'Loss',
    meaning: 'Preference loss. It begins at ln 2, where the model has no preference.',
    range: [0.2, 0.9],
    reference: { value: Math.LN2, label: 'ln 2' },
    quantities: [{ name: 'loss', colour: '--accent', value: (step) => step.loss }],
  },
  {
    title: 'Rewards',
    meaning: 'Implicit rewards of chosen and rejected clips, and the margin between them.',
    range: [-0.2, 0.2],
    reference: { value: 0, label: '' },
    quantities: [
      { name: 'margin', colour: '--ink', value: (step) => step['rewards/margins'] },
      { name: 'chosen', colour: '--accent', value: (step) => step['rewards/chosen'] },
      { name: 'rejected', colour: '--rejected', value: (step) => step['rewards/rejected'] },
    ],
  },
  {
    title: 'Accuracy',
    meaning: 'Share of pairs whose chosen clip has the larger reward.',
    range: [0, 1],
    reference: { value: 0.5, label: '' },
    quantities: [{ name: 'accuracy', colour: '--accent', value: (step) => step['rewards/accuracies'] }],
  },
  {
    title: 'Error against the reference',
    meaning: 'Policy minus reference velocity error. Chosen should fall; both rising is a warning.',
    range: [-0.001, 0.001],
    reference: { value: 0, label: '' },
    quantities: [
      {
        name: 'chosen',
        colour: '--accent',
        value: ({ errors }) => errors.policyChosen - errors.referenceChosen,
      },
      {
        name: 'rejected',
        colour: '--rejected',
        value: ({ errors }) => errors.policyRejected - errors.referenceRejected,
      },
    ],
  },
  {
    title: 'Gradient norm',
    meaning: 'Length of the gradient before the update.',
    range: [0, 0.001],
    quantities: [{ name: 'norm', colour: '--accent', value: (step) => step.gradientNorm }],
  },
];

export function Charts() {
  return (
    <div className="charts">
      {plans.map((plan, index) => (
        <Chart key={plan.title} plan={plan} last={index === plans.length - 1} />
      ))}
    </div>
  );
}

function Chart({ plan, last }: { plan: ChartPlan; last: boolean }) {
  const { training } = useStudio();
  const steps = useTraining((state) => state.steps);
  const scheme = useScheme();
  const numbers = useMemo(() => steps.map((step) => step.step), [steps]);
  const quantities = useMemo(
    () => plan.quantities.map(({ name, colour, value }) => quantityOf(name, colour, steps.map(value))),
    [plan, steps],
  );
  return (
    <figure className="chart" title={plan.meaning}>
      <figcaption>
        <h3>{plan.title}</h3>
        <Values plan={plan} />
      </figcaption>
      <LineChart
        label={`${plan.title}. ${plan.meaning}`}
        steps={numbers}
        quantities={quantities}
        reference={plan.reference}
        range={plan.range}
        link="training"
        scheme={scheme}
        height={last ? 94 : 76}
        stepAxis={last}
        onCursor={training.point}
      />
    </figure>
  );
}

/** The values under the cursor, or the last ones. */
function Values({ plan }: { plan: ChartPlan }) {
  const step = useTraining((state) =>
    state.cursor === null
      ? state.steps.at(-1)
      : (state.steps.find((taken) => taken.step === state.cursor) ?? state.steps.at(-1)),
  );
  if (!step) return null;
  return (
    <ul className="chart-values">
      {plan.quantities.map(({ name, colour, value }) => (
        <li key={name}>
          <span className="swatch" style={{ background: `var(${colour})` }} />
          {plan.quantities.length > 1 && name}
          <b>{short(value(step))}</b>
        </li>
      ))}
    </ul>
  );
}
