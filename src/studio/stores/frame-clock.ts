/**
 * The frame clock: what frame is on screen, as a pure function of elapsed time.
 *
 * One clock drives every clip on the page, so that two clips can never drift apart. Position is measured in
 * frames; after the last frame the picture rests for `restFrames`, so that an outcome can be read before the
 * clip starts over. Nothing here draws or asks for the time.
 */

export interface FrameClock {
  /** Frames, from 0; beyond the last frame while resting. */
  readonly position: number;
  readonly frames: number;
  readonly framesPerSecond: number;
  readonly playing: boolean;
  /** 1 is real time. */
  readonly speed: number;
  readonly loop: boolean;
}

/** How long the last frame rests before the clip starts over, in frames. */
export const restFrames = 7;

export const speeds = [0.25, 0.5, 1, 2] as const;

export function frameOf(clock: FrameClock): number {
  return Math.min(clock.frames - 1, Math.floor(clock.position));
}

/**
 * The clock after `milliseconds` of real time, and how often the clip came to its end on the way. A pause of
 * more than a second (a tab in the background) counts as one second, so that nothing jumps far.
 */
export function advanced(clock: FrameClock, milliseconds: number): { clock: FrameClock; ends: number } {
  if (!clock.playing) return { clock, ends: 0 };
  const elapsed = Math.min(1000, Math.max(0, milliseconds));
  const position = clock.position + (elapsed / 1000) * clock.framesPerSecond * clock.speed;
  const last = clock.frames - 1;
  if (!clock.loop) {
    if (position < last) return { clock: { ...clock, position }, ends: 0 };
    return { clock: { ...clock, position: last, playing: false }, ends: clock.position < last ? 1 : 0 };
  }
  const period = clock.frames + restFrames;
  const laps = Math.floor(position / period);
  const before = clock.position >= last ? 1 : 0;
  const wrapped = position - laps * period;
  const after = laps + (wrapped >= last ? 1 : 0);
  return { clock: { ...clock, position: wrapped }, ends: Math.max(0, after - before) };
}

/** The clock paused on a frame; frames outside the clip are brought back to its ends. */
export function soughtTo(clock: FrameClock, frame: number): FrameClock {
  return { ...clock, position: Math.max(0, Math.min(clock.frames - 1, Math.round(frame))), playing: false };
}

/** Play or pause. Playing from the last frame starts over. */
export function toggled(clock: FrameClock): FrameClock {
  if (clock.playing) return { ...clock, position: frameOf(clock), playing: false };
  return { ...clock, position: clock.position >= clock.frames - 1 ? 0 : clock.position, playing: true };
}
