/** Every snapshot that is kept: the way back to it, and its weights to take away. */
import { Download } from 'lucide-react';
import { useStudio, useTraining } from '../../stores/context.ts';
import { saveLabels } from '../../stores/save-state.ts';
import { Button } from '../../ui/button.tsx';
import { download } from '../../ui/download.ts';

const stages = { generator: 'Generator (LoRA)', 'physical-head': 'Physical head' };

export function SnapshotsTable() {
  const { training } = useStudio();
  const snapshots = useTraining((view) => view.snapshots);
  const saves = useTraining((view) => view.saves);
  const head = useTraining((view) => view.head.snapshotId);
  if (snapshots.length === 0) {
    return <p className="hint">No snapshots yet. One is taken whenever training pauses.</p>;
  }
  return (
    <table>
      <thead>
        <tr>
          <th>Step</th>
          <th>Trained</th>
          <th>Taken</th>
          <th>By</th>
          <th className="number">Size</th>
          <th>State</th>
          <th>
            <span className="visually-hidden">Go back or take away</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {[...snapshots].reverse().map((snapshot) => (
          <tr
            key={snapshot.id}
            data-snapshot-id={snapshot.id}
            data-head={snapshot.id === head}
            data-save={saves[snapshot.id]}
          >
            <td>{snapshot.step}</td>
            <td>{stages[snapshot.stage]}</td>
            <td className="wide">{new Date(snapshot.time).toLocaleString()}</td>
            <td>{snapshot.reason === 'visitor' ? 'you' : 'trainer'}</td>
            <td className="number">{(snapshot.bytes / 1e6).toFixed(1)} MB</td>
            <td>{saveLabels[saves[snapshot.id]]}</td>
            <td className="actions">
              <Button tone="quiet" onClick={() => training.goBack(snapshot)}>
                Go back
              </Button>
              <Button
                tone="quiet"
                icon={<Download size={16} />}
                aria-label={`Download the weights of step ${snapshot.step}`}
                title="Download the weights (safetensors)"
                onClick={() =>
                  download(`step-${snapshot.step}.safetensors`, 'application/octet-stream', snapshot.weights)
                }
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
