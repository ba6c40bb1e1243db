/**
 * The player: the one frame clock of the page as a store, and what of a clip has been on screen.
 *
 * Canvases subscribe to `frame` and draw themselves; React renders nothing per frame but the scrubber.
 */
import { createStore } from 'zustand/vanilla';
import { advanced, frameOf, soughtTo, toggled, type FrameClock } from './frame-clock.ts';

export interface PlayerState {
  frame: number;
  frames: number;
  framesPerSecond: number;
  playing: boolean;
  speed: number;
  loop: boolean;
}

/** What has been on screen since the clips were put there. */
export interface Watched {
  share: number;
  replays: number;
}

export type Player = ReturnType<typeof createPlayer>;

/** A player at rest on frame 0. `autoplay` is false where the visitor prefers reduced motion. */
export function createPlayer(autoplay: boolean) {
  let clock: FrameClock = {
    position: 0,
    frames: 25,
    framesPerSecond: 12.5,
    playing: autoplay,
    speed: 1,
    loop: true,
  };
  let seen = new Set<number>();
  let ends = 0;
  /** The clock stands still until there is something to play. */
  let loaded = false;

  const view = (): PlayerState => ({
    frame: frameOf(clock),
    frames: clock.frames,
    framesPerSecond: clock.framesPerSecond,
    playing: clock.playing,
    speed: clock.speed,
    loop: clock.loop,
  });
  const store = createStore<PlayerState>(view);

  function put(next: FrameClock) {
    clock = next;
    seen.add(frameOf(clock));
    const shown = store.getState();
    const now = view();
    const same =
      shown.frame === now.frame &&
      shown.playing === now.playing &&
      shown.speed === now.speed &&
      shown.loop === now.loop &&
      shown.frames === now.frames &&
      shown.framesPerSecond === now.framesPerSecond;
    if (!same) store.setState(now);
  }

  return {
    store,
    /** For canvases, which draw themselves when the frame changes. */
    frames: {
      frame: () => store.getState().frame,
      listen: (listener: () => void) =>
        store.subscribe((now, before) => {
          if (now.frame !== before.frame) listener();
        }),
    },
    /** Moves on by real time; called once per animation frame. */
    advance(milliseconds: number) {
      if (!loaded) return;
      const next = advanced(clock, milliseconds);
      ends += next.ends;
      put(next.clock);
    },
    /** New clips: starts over and forgets what was watched. Playing goes on as it was. */
    load(frames: number, framesPerSecond: number) {
      loaded = true;
      seen = new Set();
      ends = 0;
      put({ ...clock, frames, framesPerSecond, position: 0 });
    },
    watched: (): Watched => ({ share: Math.min(1, seen.size / clock.frames), replays: ends }),
    toggle: () => put(toggled(clock)),
    restart: () => put({ ...clock, position: 0, playing: true }),
    seek: (frame: number) => put(soughtTo(clock, frame)),
    step: (frames: number) => put(soughtTo(clock, frameOf(clock) + frames)),
    setSpeed: (speed: number) => put({ ...clock, speed }),
    toggleLoop: () => put({ ...clock, loop: !clock.loop }),
  };
}

/** Runs the player on the display's own clock; returns the function that stops it. */
export function runPlayer(player: Player): () => void {
  let last = performance.now();
  let request = requestAnimationFrame(tick);
  function tick(now: number) {
    player.advance(now - last);
    last = now;
    request = requestAnimationFrame(tick);
  }
  return () => cancelAnimationFrame(request);
}
