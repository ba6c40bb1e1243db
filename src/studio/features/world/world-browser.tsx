/** Every family of scenes: what the simulation does, its law in a sentence, and the law measured on the pixels. */
import { ChevronDown, Shuffle } from 'lucide-react';
import type { WorldFamily, WorldShown } from '../../../protocol/messages.ts';
import { useFrameSource, useSettings, useStudio, useWorldTour } from '../../stores/context.ts';
import { sceneSentence } from '../../stores/scene-sentence.ts';
import type { TourSplit } from '../../stores/world-tour.ts';
import { Button } from '../../ui/button.tsx';
import { ClipCanvas } from '../../ui/clip-canvas.tsx';
import { Segmented } from '../../ui/controls.tsx';
import { short } from '../../ui/line-chart.tsx';

const splits: { value: TourSplit; label: string }[] = [
  { value: 'train', label: 'As trained' },
  { value: 'unseen', label: 'Unseen' },
  { value: 'out-of-range', label: 'Out of range' },
];

export function WorldBrowser() {
  const { worldTour } = useStudio();
  const open = useWorldTour((state) => state.open);
  const families = useWorldTour((state) => state.families);
  const refused = useWorldTour((state) => state.refused);
  return (
    <section className="world" aria-label="World">
      <header className="section-header">
        <div>
          <h2>World</h2>
          <p className="hint">
            Every family of scenes as it is simulated. The first frame decides the rest; each obeys a law that can be
            measured on a clip, real or generated.
          </p>
        </div>
        <div className="world-actions">
          {open && <Choices />}
          <Button
            icon={<ChevronDown size={16} aria-hidden className="world-chevron" />}
            aria-expanded={open}
            onClick={worldTour.toggle}
          >
            {open ? 'Close' : 'Look at the world'}
          </Button>
        </div>
      </header>
      {open && refused && <p className="hint" role="alert">{refused}</p>}
      {open && (
        <ul className="world-grid">
          {families.map((family) => (
            <FamilyCard key={family.name} family={family} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Choices() {
  const { worldTour } = useStudio();
  const split = useWorldTour((state) => state.split);
  return (
    <>
      <Segmented label="Split" value={split} options={splits} onChange={worldTour.choose} />
      <Button icon={<Shuffle size={16} aria-hidden />} onClick={worldTour.next}>
        Other scenes
      </Button>
    </>
  );
}

function FamilyCard({ family }: { family: WorldFamily }) {
  const shown = useWorldTour((state) => state.shown[family.name]);
  const source = useFrameSource();
  const enlarge = useSettings((state) => state.enlarge);
  return (
    <li className="world-family" data-family={family.name}>
      {shown ? (
        <ClipCanvas
          frames={shown.clip.frames}
          shape={shown.clip.shape}
          source={source}
          enlarge={enlarge}
          label={sceneSentence(shown.description)}
        />
      ) : (
        <div className="clip-canvas skeleton" />
      )}
      <h3>
        {family.title}
        <span className="world-domain">{family.domain}</span>
      </h3>
      <p className="world-scene">{shown ? sceneSentence(shown.description) : '\u00a0'}</p>
      <p className="world-law">{family.law}</p>
      {shown && <Measured family={family} law={shown.law} />}
    </li>
  );
}

function Measured({ family, law }: { family: WorldFamily; law: WorldShown['law'] }) {
  return (
    <p className="world-measured" title={family.quantity}>
      <span>{family.quantity}</span>
      <span>
        <b>{short(law.measured)}</b> of {short(law.expected)}
      </span>
    </p>
  );
}
