/** Why the model is not there, and what to do about it. The rest of the page stays as it is. */
import { TriangleAlert } from 'lucide-react';
import type { EventOf } from '../../../protocol/messages.ts';
import { Button } from '../../ui/button.tsx';
import { webGpuAdvice } from './web-gpu-advice.ts';

export function FailurePanel({ failure }: { failure: EventOf<'session.failed'> }) {
  const noGpu = failure.code === 'webgpu-missing' || failure.code === 'adapter-missing';
  const advice = noGpu ? webGpuAdvice(navigator.userAgent) : null;
  return (
    <div className="failure" role="alert" data-code={failure.code}>
      <TriangleAlert size={24} aria-hidden />
      <h2>{noGpu ? 'This browser gives the page no GPU' : 'The model could not be started'}</h2>
      <p>{failure.sentence}</p>
      <p>{failure.remedy}</p>
      {advice && (
        <div className="advice">
          <h3>In {advice.browser}</h3>
          <ol>
            {advice.steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </div>
      )}
      <Button tone="primary" onClick={() => window.location.reload()}>
        Try again
      </Button>
    </div>
  );
}
