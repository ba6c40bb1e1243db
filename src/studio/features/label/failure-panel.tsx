/** Why the model is not there, or no longer, and what to do about it. The rest of the page stays as it is. */
import { TriangleAlert } from 'lucide-react';
import type { EventOf } from '../../../protocol/messages.ts';
import { useSession } from '../../stores/context.ts';
import { Button } from '../../ui/button.tsx';
import { WebGpuAdvice } from '../../ui/web-gpu-advice.tsx';

export function FailurePanel({ failure }: { failure: EventOf<'session.failed'> }) {
  const noGpu = failure.code === 'webgpu-missing' || failure.code === 'adapter-missing';
  const started = useSession((state) => state.card !== null);
  return (
    <div className="failure" role="alert" data-code={failure.code}>
      <TriangleAlert size={24} aria-hidden />
      <h2>{titleOf(noGpu, started)}</h2>
      <p>{failure.sentence}</p>
      <p>{failure.remedy}</p>
      {noGpu && <WebGpuAdvice />}
      <Button tone="primary" onClick={() => window.location.reload()}>
        Try again
      </Button>
    </div>
  );
}

function titleOf(noGpu: boolean, started: boolean): string {
  if (noGpu) return 'This browser gives the page no GPU';
  return started ? 'The model has stopped' : 'The model could not be started';
}
