/** Before and after: held-out scenes through the reference and the trained model, in step with the truth. */
import { RefreshCw } from 'lucide-react';
import type { EvaluationReady } from '../../../protocol/messages.ts';
import type { Clip, ClipMetrics } from '../../../protocol/records.ts';
import { useEvaluation, useFrameSource, useSession, useSettings, useStudio } from '../../stores/context.ts';
import { evaluatedScenes } from '../../stores/evaluation.ts';
import { sceneSentence } from '../../stores/scene-sentence.ts';
import { Button } from '../../ui/button.tsx';
import { ClipCanvas } from '../../ui/clip-canvas.tsx';
import { NumberSelect, Progress } from '../../ui/controls.tsx';
import { short } from '../../ui/line-chart.tsx';

export function BeforeAfter() {
  const latest = useEvaluation((state) => state.latest);
  return (
    <section className="compare" aria-label="Before and after">
      <header className="section-header">
        <div>
          <h2>Before and after</h2>
          <p className="hint">
            {latest
              ? `Held-out scenes, same noise: the pretrained model, and the model after ${latest.step} ${latest.step === 1 ? 'step' : 'steps'}.`
              : 'Four scenes that training never sees, through the pretrained and the trained model.'}
          </p>
        </div>
        <Refresh />
      </header>
      <Running />
      <div className="compare-grid">
        {latest
          ? latest.scenes.map((scene) => <ComparedScene key={keyOf(scene)} scene={scene} />)
          : Array.from({ length: evaluatedScenes }, (_, index) => <EmptyScene key={index} />)}
      </div>
      {latest && <GroundTruthLoss latest={latest} />}
    </section>
  );
}

const keyOf = (scene: EvaluationReady['scenes'][number]) => `${scene.source.split}-${scene.source.seed}`;

function Refresh() {
  const { evaluation, settings } = useStudio();
  const ready = useSession((state) => state.status === 'ready');
  const running = useEvaluation((state) => state.progress !== null);
  const every = useSettings((state) => state.refreshEvery);
  return (
    <div className="compare-actions">
      <NumberSelect
        label="Refresh"
        value={every}
        options={[0, 10, 25, 50]}
        show={(value) => (value === 0 ? 'When asked' : `Every ${value} steps`)}
        onChange={(value) => settings.set({ refreshEvery: value === 10 || value === 25 || value === 50 ? value : 0 })}
      />
      <Button
        icon={<RefreshCw size={16} aria-hidden />}
        disabled={!ready || running}
        onClick={evaluation.ask}
      >
        Compare now
      </Button>
    </div>
  );
}

function Running() {
  const progress = useEvaluation((state) => state.progress);
  if (!progress) return null;
  return (
    <Progress share={progress.done / progress.total} label="Comparing">
      <p className="hint">
        Generating clip {Math.min(progress.done + 1, progress.total)} of {progress.total}
      </p>
    </Progress>
  );
}

function ComparedScene({ scene }: { scene: EvaluationReady['scenes'][number] }) {
  const enlarge = useSettings((state) => state.enlarge);
  const source = useFrameSource();
  const clip = (name: string, shown: Clip) => (
    <figure>
      <ClipCanvas frames={shown.frames} shape={shown.shape} source={source} enlarge={enlarge} label={name} />
      <figcaption>{name}</figcaption>
    </figure>
  );
  return (
    <article className="compared-scene">
      <h3>
        {sceneSentence(scene.description)}
        <span className="split">{scene.source.split}</span>
      </h3>
      <div className="compared-clips">
        {clip('Before', scene.before)}
        {clip('After', scene.after)}
        {clip('Simulation', scene.truth)}
      </div>
      <MetricsTable before={scene.metricsBefore} after={scene.metricsAfter} />
    </article>
  );
}

const rows = [
  { key: 'strictL2', name: 'L2', better: 'lower' },
  { key: 'strictChamfer', name: 'Chamfer', better: 'lower' },
  { key: 'iou', name: 'IoU', better: 'higher' },
  { key: 'survival', name: 'Survival', better: 'higher' },
] as const;

function MetricsTable({ before, after }: { before: ClipMetrics; after: ClipMetrics }) {
  return (
    <table className="metrics">
      <thead className="visually-hidden">
        <tr>
          <th>Before</th>
          <th>After</th>
          <th>Metric</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, name, better }) => (
          <tr key={key} title={`${name}: ${better} is better`}>
            <td>{short(before[key])}</td>
            <td data-change={changeOf(before[key], after[key], better)}>{short(after[key])}</td>
            <th scope="row">{name}</th>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function changeOf(before: number | null, after: number | null, better: 'lower' | 'higher'): string | undefined {
  if (before === null || after === null || Math.abs(after - before) < 1e-4) return undefined;
  return after < before === (better === 'lower') ? 'better' : 'worse';
}

function GroundTruthLoss({ latest }: { latest: EvaluationReady }) {
  return (
    <p className="hint">
      Flow loss on the simulation of these scenes: {short(latest.groundTruthLoss.before)} before,{' '}
      {short(latest.groundTruthLoss.after)} after. It should not rise much.
    </p>
  );
}

function EmptyScene() {
  return (
    <article className="compared-scene" aria-hidden>
      <h3>&nbsp;</h3>
      <div className="compared-clips">
        {['Before', 'After', 'Simulation'].map((name) => (
          <figure key={name}>
            <div className="clip-canvas skeleton" />
            <figcaption>{name}</figcaption>
          </figure>
        ))}
      </div>
    </article>
  );
}
