/** Snapshots: keep the weights as they are, and one click back. */
import { Camera, History } from 'lucide-react';
import { useStudio, useTraining } from '../../stores/context.ts';
import { Button } from '../../ui/button.tsx';

export function Snapshots() {
  const { training } = useStudio();
  const snapshots = useTraining((view) => view.snapshots);
  const step = useTraining((view) => view.steps.at(-1)?.step ?? 0);
  const earlier = snapshots.findLast((snapshot) => snapshot.step < step);
  return (
    <div className="snapshots" role="group" aria-label="Snapshots">
      <Button icon={<Camera size={16} aria-hidden />} disabled={step === 0} onClick={training.snapshot}>
        Snapshot
      </Button>
      {earlier && (
        <Button
          tone="quiet"
          icon={<History size={16} aria-hidden />}
          onClick={() => training.goBack(earlier)}
        >
          Back to step {earlier.step}
        </Button>
      )}
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
