/** Training beside the clips: start, pause, step, what is trained and how, and why it stands still. */
import { Switch } from '@base-ui/react/switch';
import { Pause, Play, TriangleAlert, X } from 'lucide-react';
import type { TrainingStep } from '../../../protocol/records.ts';
import { useLabelling, useSession, useSettings, useStudio, useTraining } from '../../stores/context.ts';
import { familiesOf } from '../../stores/session.ts';
import { trains, type TrainingView } from '../../stores/training.ts';
import { Button } from '../../ui/button.tsx';
import { NumberSelect, Segmented } from '../../ui/controls.tsx';
import { Charts } from './charts.tsx';
import { Snapshots } from './snapshots.tsx';

export function TrainingPanel() {
  return (
    <section className="training" aria-label="Training">
      <header>
        <h2>Training</h2>
        <Throughput />
      </header>
      <Controls />
      <Alarms />
      <TrainingSettingsForm />
      <PairSettings />
      <Charts />
      <Snapshots />
    </section>
  );
}

const reasons: Record<NonNullable<TrainingView['reason']>, string> = {
  visitor: 'Paused',
  'no-votes': 'Waiting for votes: pick a clip and it can start',
  'steps-taken': 'Paused: the steps asked for are taken',
  generating: 'Waiting while a pair is generated',
  evaluating: 'Waiting while before and after are compared',
  alarm: 'Paused by an alarm',
  'device-lost': 'Paused: the GPU was lost',
};

function stateSentence(view: Pick<TrainingView, 'state' | 'reason' | 'usableVotes'>): string {
  if (view.state === 'warming-up') return 'Warming up: compiling for this GPU, once';
  if (view.state === 'running') return 'Training';
  if (view.reason === null || view.reason === 'visitor' || view.reason === 'steps-taken') {
    if (view.usableVotes === 0) return reasons['no-votes'];
    const votes = view.usableVotes === 1 ? '1 vote' : `${view.usableVotes} votes`;
    return `${view.reason ? reasons[view.reason] : 'Ready'} · ${votes} to learn from`;
  }
  return reasons[view.reason];
}

const waiting = { loading: 'Waiting for the model', failed: 'There is no model to train', ready: '' };

function Controls() {
  const { training } = useStudio();
  const status = useSession((session) => session.status);
  const ready = status === 'ready';
  const state = useTraining((view) => view.state);
  const sentence = useTraining(stateSentence);
  const startable = useTraining((view) => view.usableVotes > 0);
  const busy = useTraining(trains);
  const disabled = !ready || !startable;
  return (
    <div className="training-controls">
      <p className="training-state" data-state={state} role="status">
        <span className="state-dot" aria-hidden />
        {ready ? sentence : waiting[status]}
      </p>
      <div className="button-row">
        {busy ? (
          <Button icon={<Pause size={16} aria-hidden />} onClick={training.pause}>
            Pause
          </Button>
        ) : (
          <Button
            tone={startable ? 'primary' : 'plain'}
            icon={<Play size={16} aria-hidden />}
            disabled={disabled}
            onClick={training.start}
          >
            Start
          </Button>
        )}
        {[1, 10].map((steps) => (
          <Button key={steps} disabled={disabled || busy} onClick={() => training.take(steps)}>
            {steps === 1 ? '1 step' : `${steps} steps`}
          </Button>
        ))}
      </div>
      <VoteForMe ready={ready} />
    </div>
  );
}

function VoteForMe({ ready }: { ready: boolean }) {
  const { labelling } = useStudio();
  const { running, votes } = useLabelling((state) => state.automatic);
  const families = useSession(familiesOf);
  return (
    <div className="vote-for-me" data-running={running}>
      <Switch.Root
        id="vote-for-me"
        className="switch"
        checked={running}
        disabled={!ready}
        onCheckedChange={(on) =>
          on ? labelling.startAutomatic(families, Math.floor(Math.random() * 1e6)) : labelling.stopAutomatic()
        }
      >
        <Switch.Thumb className="switch-thumb" />
      </Switch.Root>
      <label htmlFor="vote-for-me">
        <b>Vote for me</b>
        <small>
          {running
            ? `Automatic: ${votes} ${votes === 1 ? 'vote' : 'votes'} so far, by the error against the simulation`
            : 'Picks the clip nearer to the simulation. Such votes are marked automatic.'}
        </small>
      </label>
    </div>
  );
}

/** Steps per second over the last few steps, memory, and how many steps were taken. */
function Throughput() {
  const steps = useTraining((view) => view.steps);
  const last = steps.at(-1);
  if (!last) return <p className="throughput">No steps yet</p>;
  return (
    <p className="throughput">
      Step <b>{last.step}</b>
      <span>{rate(steps.slice(-8))}</span>
      {last.memoryBytes !== undefined && <span>{Math.round(last.memoryBytes / 1e6)} MB</span>}
    </p>
  );
}

function rate(steps: TrainingStep[]): string {
  const timed = steps.filter((step) => !step.warmUp);
  if (timed.length === 0) return 'warming up';
  const mean = timed.reduce((sum, step) => sum + step.milliseconds, 0) / timed.length;
  return mean >= 1000 ? `${(mean / 1000).toFixed(1)} s a step` : `${(1000 / mean).toFixed(1)} steps/s`;
}

const stages = [
  { value: 'generator', label: 'Generator (LoRA)' },
  { value: 'physical-head', label: 'Physical head' },
] as const;

function TrainingSettingsForm() {
  const { training } = useStudio();
  const settings = useTraining((view) => view.settings);
  const busy = useTraining((view) => view.state === 'warming-up');
  if (!settings) return <div className="training-settings skeleton" aria-hidden />;
  return (
    <fieldset className="training-settings" disabled={busy}>
      <legend className="visually-hidden">Settings</legend>
      <div className="field">
        What is trained
        <Segmented
          label="What is trained"
          value={settings.stage}
          options={stages}
          onChange={(stage) => training.configure({ stage })}
        />
      </div>
      <NumberSelect
        label="Learning rate"
        value={settings.learningRate}
        options={[1e-5, 3e-5, 1e-4, 3e-4, 1e-3]}
        show={(value) => value.toExponential(0).replace('-', '−')}
        onChange={(learningRate) => training.configure({ learningRate })}
      />
      <NumberSelect
        label="Beta"
        value={settings.beta}
        options={[50, 100, 250, 500, 1000, 2500, 5000]}
        show={String}
        onChange={(beta) => training.configure({ beta })}
      />
    </fieldset>
  );
}

/** How the pairs to come are sampled. */
function PairSettings() {
  const { settings } = useStudio();
  const own = useSession((session) => session.card?.sampler);
  const steps = useSettings((state) => state.samplerSteps);
  const temperature = useSettings((state) => state.temperature);
  if (own === undefined) return <div className="pair-settings skeleton" aria-hidden />;
  return (
    <fieldset className="pair-settings">
      <legend className="visually-hidden">How the next pairs are sampled</legend>
      <p className="pair-settings-title">Next pairs</p>
      <NumberSelect
        label="Sampler steps"
        value={steps ?? own.steps}
        options={[1, 2, 4, own.steps, 8, 16]}
        show={(value) => (value === own.steps ? `${value} (the model's)` : String(value))}
        onChange={(value) => settings.set({ samplerSteps: value === own.steps ? null : value })}
      />
      <NumberSelect
        label="Temperature"
        value={temperature ?? own.temperature}
        options={[0.2, 0.4, 0.7, own.temperature, 1.2]}
        show={(value) => (value === 1 ? '1 (all it has learned)' : String(value))}
        onChange={(value) => settings.set({ temperature: value === own.temperature ? null : value })}
      />
    </fieldset>
  );
}

function Alarms() {
  const { training } = useStudio();
  const alarms = useTraining((view) => view.alarms);
  return (
    <ul className="alarms" aria-live="polite">
      {alarms.map((alarm) => (
        <li key={`${alarm.code}-${alarm.step}`} className="inline-warning">
          <TriangleAlert size={16} aria-hidden />
          <span>
            Step {alarm.step}: {alarm.sentence}
          </span>
          <Button
            tone="quiet"
            icon={<X size={16} />}
            aria-label="Dismiss"
            onClick={() => training.dismissAlarm(alarm)}
          />
        </li>
      ))}
    </ul>
  );
}
