/** Snapshots: keep the weights as they are, and one click back. */
import { Camera, History } from 'lucide-react';
import { useStudio, useTraining } from '../../stores/context.ts';
import { Button } from '../../ui/button.tsx';

export function Snapshots() {
  const { training } = useStudio();
  const snapshots = useTraining((view) => view.snapshots);
  const step = useTraining((view) => view.steps.at(-1)?.step ?? 0);
  const earlier = snapshots.filter((snapshot) => snapshot.step < step);
  const shown = earlier.filter(
    (snapshot, index) => earlier.findLastIndex((other) => other.step === snapshot.step) === index,
  );
  return (
    <div className="snapshots" role="group" aria-label="Snapshots">
      <Button icon={<Camera size={16} aria-hidden />} disabled={step === 0} onClick={training.snapshot}>
        Snapshot
      </Button>
      {shown.slice(-3).map((snapshot) => (
        <Button
          key={snapshot.id}
          tone="quiet"
          icon={<History size={16} aria-hidden />}
          onClick={() => training.goBack(snapshot)}
        >
          Back to step {snapshot.step}
        </Button>
      ))}
      <Button
        tone="quiet"
        icon={<History size={16} aria-hidden />}
        disabled={step === 0}
        onClick={() => training.goBack(null)}
      >
        Back to pretrained
      </Button>
    </div>
  );
}
