/** The last vote: what was chosen, what made each clip, what the simulation does, and whether it is saved. */
import { standingVotes, type ClipMetrics, type VoteAdded } from '../../../protocol/records.ts';
import { useFrameSource, useLabelling, useSettings } from '../../stores/context.ts';
import { saveLabels } from '../../stores/save-state.ts';
import { sceneSentence } from '../../stores/scene-sentence.ts';
import { ClipCanvas } from '../../ui/clip-canvas.tsx';
import { short } from '../../ui/line-chart.tsx';

const methods = { euler: 'Euler', heun: 'Heun', 'adams-bashforth': 'Adams-Bashforth' };

export function Reveal() {
  const revealed = useLabelling((state) => state.revealed);
  const save = useLabelling((state) => (state.revealed ? state.saves[state.revealed.vote.id] : undefined));
  const count = useLabelling((state) => standingVotes(state.events).length);
  return (
    <section className="reveal" aria-label="Last vote" data-empty={!revealed}>
      <div className="reveal-head">
        <h2>Last vote</h2>
        <p aria-live="polite" data-save={save}>
          {save && <span className="save-state">{saveLabels[save]}</span>}
          <span>{count === 1 ? '1 vote' : `${count} votes`}</span>
        </p>
      </div>
      {revealed ? <Clips /> : <p className="hint">Once you have voted, this shows what made each clip.</p>}
    </section>
  );
}

function Clips() {
  const revealed = useLabelling((state) => state.revealed);
  const source = useFrameSource();
  const enlarge = useSettings((state) => state.enlarge);
  if (!revealed) return null;
  const { pair, vote, metrics } = revealed;
  const { step } = pair.generator;
  return (
    <div className="reveal-clips">
      {(['left', 'right'] as const).map((side) => {
        const name = pair.sides[side];
        const { frames, shape } = pair.clips[name];
        return (
          <figure key={side} data-verdict={verdictOf(vote, name)}>
            <ClipCanvas {...{ frames, shape, source, enlarge }} label={`The ${side} clip`} />
            <figcaption>
              <b>{labelOf(vote, name, side)}</b>
              <span>Seed {pair.seeds[name === 'a' ? 0 : 1]}</span>
              {metrics && <ErrorOf metrics={metrics[name]} />}
            </figcaption>
          </figure>
        );
      })}
      {pair.truth && (
        <figure data-verdict="truth">
          <ClipCanvas
            frames={pair.truth.frames}
            shape={pair.truth.shape}
            source={source}
            enlarge={enlarge}
            label="The simulation"
          />
          <figcaption>
            <b>Simulation</b>
            <span>What really happens</span>
          </figcaption>
        </figure>
      )}
      <dl className="reveal-facts">
        <div>
          <dt>Scene</dt>
          <dd>{sceneSentence(pair.description)}</dd>
        </div>
        <div>
          <dt>Made by</dt>
          <dd>{step === 0 ? 'the pretrained weights' : `the weights after ${step} training steps`}</dd>
        </div>
        <div>
          <dt>Sampler</dt>
          <dd>
            {methods[pair.sampler.method]}, {pair.sampler.steps} steps, guidance {pair.sampler.guidance}, temperature{' '}
            {pair.sampler.temperature}, {(pair.milliseconds / 1000).toFixed(1)} s
          </dd>
        </div>
        {vote.automatic && (
          <div>
            <dt>Voter</dt>
            <dd>automatic, by the error against the simulation</dd>
          </div>
        )}
      </dl>
    </div>
  );
}

function ErrorOf({ metrics }: { metrics: ClipMetrics }) {
  return <span>L2 {short(metrics.strictL2)}</span>;
}

function verdictOf(vote: VoteAdded, name: 'a' | 'b'): string | undefined {
  if (!vote.chosen) return undefined;
  return vote.chosen === name ? 'chosen' : 'rejected';
}

function labelOf(vote: VoteAdded, name: 'a' | 'b', side: 'left' | 'right'): string {
  const place = side === 'left' ? 'Left' : 'Right';
  return vote.chosen === name ? `${place}, chosen` : place;
}
