/** The scene: drawn at random, chosen from thumbnails, or the visitor's own image. */
import { ImagePlus, Shuffle, TriangleAlert, X } from 'lucide-react';
import { useRef } from 'react';
import type { PairSource } from '../../../protocol/records.ts';
import { useLabelling, useSession, useSettings, useStudio } from '../../stores/context.ts';
import { sceneSentence } from '../../stores/scene-sentence.ts';
import { galleryOf } from '../../stores/session.ts';
import { galleryScenes } from '../../stores/studio.ts';
import { Button } from '../../ui/button.tsx';
import { StillCanvas } from '../../ui/clip-canvas.tsx';
import { useOwnImage } from './use-own-image.ts';

export function SceneStrip() {
  const studio = useStudio();
  const scenes = useSession((state) => state.scenes);
  const selection = useLabelling((state) => state.selection);
  const automatic = useLabelling((state) => state.automatic.running);
  const enlarge = useSettings((state) => state.enlarge);
  const own = useOwnImage();
  const file = useRef<HTMLInputElement>(null);
  const gallery = galleryOf(scenes, galleryScenes);
  const ownImage =
    selection.kind === 'fixed' && selection.source.kind === 'image' ? selection.source : null;
  const chosen = (source: PairSource) =>
    selection.kind === 'fixed' &&
    selection.source.kind === 'scene' &&
    source.kind === 'scene' &&
    selection.source.family === source.family &&
    selection.source.seed === source.seed;

  return (
    <section className="scene-strip" aria-label="Scene">
      <div className="scene-row" role="group" aria-label="Choose a scene">
        <Button
          icon={<Shuffle size={16} />}
          aria-pressed={selection.kind === 'random'}
          disabled={automatic}
          onClick={() => studio.labelling.select({ kind: 'random' })}
        >
          Random
        </Button>
        <ul className="scene-thumbnails">
          {gallery.length === 0
            ? Array.from({ length: galleryScenes }, (_, index) => (
                <li key={index} className="scene-thumbnail skeleton" aria-hidden />
              ))
            : gallery.map((scene) => (
                <li key={`${scene.source.family} ${scene.source.seed}`}>
                  <button
                    type="button"
                    className="scene-thumbnail"
                    aria-pressed={chosen(scene.source)}
                    aria-label={sceneSentence(scene.description)}
                    title={sceneSentence(scene.description)}
                    disabled={automatic}
                    onClick={() =>
                      studio.labelling.select({
                        kind: 'fixed',
                        source: scene.source,
                        still: scene.thumbnail,
                      })
                    }
                  >
                    <StillCanvas {...scene.thumbnail} enlarge={enlarge} label="" />
                  </button>
                </li>
              ))}
        </ul>
        {ownImage && (
          <span className="scene-thumbnail" data-own title={ownImage.name}>
            <StillCanvas {...ownImage.image} enlarge={enlarge} label={`Your image, ${ownImage.name}`} />
          </span>
        )}
        <Button icon={<ImagePlus size={16} />} disabled={automatic} onClick={() => file.current?.click()}>
          Your image
        </Button>
        <input
          ref={file}
          type="file"
          accept="image/*"
          className="visually-hidden"
          tabIndex={-1}
          aria-label="An image of your own"
          onChange={(event) => {
            void own.take(event.target.files?.[0]);
            event.target.value = '';
          }}
        />
      </div>
      {own.refused && (
        <p className="inline-warning" role="alert">
          <TriangleAlert size={16} aria-hidden />
          {own.refused}
          <Button tone="quiet" icon={<X size={16} />} aria-label="Dismiss" onClick={own.forget} />
        </p>
      )}
      {own.dragging && <div className="drop-target">Drop the image to see what the model makes of it</div>}
    </section>
  );
}
