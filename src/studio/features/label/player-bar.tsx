/** The player's controls: one scrubber for both clips, frame by frame. */
import { Pause, Play, Repeat, RotateCcw, StepBack, StepForward } from 'lucide-react';
import { usePlayer, useSettings, useStudio } from '../../stores/context.ts';
import { speeds } from '../../stores/frame-clock.ts';
import { Button } from '../../ui/button.tsx';
import { Segmented } from '../../ui/controls.tsx';

export function PlayerBar() {
  const { player } = useStudio();
  const playing = usePlayer((state) => state.playing);
  const loop = usePlayer((state) => state.loop);
  return (
    <div className="player-bar" role="group" aria-label="Player">
      <Scrubber />
      <div className="player-controls">
        <Button
          icon={playing ? <Pause size={16} /> : <Play size={16} />}
          aria-label={playing ? 'Pause' : 'Play'}
          title={playing ? 'Pause (Space)' : 'Play (Space)'}
          onClick={player.toggle}
        />
        <Button
          tone="quiet"
          icon={<StepBack size={16} />}
          aria-label="One frame back"
          title="One frame back (,)"
          onClick={() => player.step(-1)}
        />
        <Button
          tone="quiet"
          icon={<StepForward size={16} />}
          aria-label="One frame on"
          title="One frame on (.)"
          onClick={() => player.step(1)}
        />
        <Button
          tone="quiet"
          icon={<RotateCcw size={16} />}
          aria-label="From the start"
          title="From the start (R)"
          onClick={player.restart}
        />
        <Button
          tone="quiet"
          icon={<Repeat size={16} />}
          aria-label="Loop"
          title="Loop (L)"
          aria-pressed={loop}
          onClick={player.toggleLoop}
        />
        <FrameNumber />
        <span className="player-space" />
        <Speed />
        <Enlargement />
      </div>
    </div>
  );
}

function Scrubber() {
  const { player } = useStudio();
  const frame = usePlayer((state) => state.frame);
  const frames = usePlayer((state) => state.frames);
  return (
    <div className="scrubber">
      <input
        type="range"
        min={0}
        max={frames - 1}
        step={1}
        value={frame}
        aria-label="Frame"
        aria-valuetext={`Frame ${frame + 1} of ${frames}`}
        onChange={(event) => player.seek(Number(event.target.value))}
      />
      <div className="scrubber-ticks" aria-hidden>
        {Array.from({ length: frames }, (_, index) => (
          <span key={index} data-now={index === frame} data-passed={index < frame} />
        ))}
      </div>
    </div>
  );
}

function FrameNumber() {
  const frame = usePlayer((state) => state.frame);
  const frames = usePlayer((state) => state.frames);
  const rate = usePlayer((state) => state.framesPerSecond);
  return (
    <span className="frame-number">
      <b>{String(frame + 1).padStart(2, '0')}</b>/{frames}
      <span>{(frame / rate).toFixed(2)} s</span>
    </span>
  );
}

function Speed() {
  const { player } = useStudio();
  const speed = usePlayer((state) => state.speed);
  const options = speeds.map((value) => ({ value, label: `${value}×` }));
  return <Segmented label="Speed" value={speed} options={options} onChange={player.setSpeed} />;
}

const enlargements = [
  { value: 'smooth', label: 'Smooth' },
  { value: 'pixels', label: 'Pixels' },
] as const;

function Enlargement() {
  const { settings } = useStudio();
  const enlarge = useSettings((state) => state.enlarge);
  return (
    <Segmented
      label="Enlarge"
      value={enlarge}
      options={enlargements}
      onChange={(value) => settings.set({ enlarge: value })}
    />
  );
}
