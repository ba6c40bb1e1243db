/** Small clips of a falling ball for tests and the preview page: drawn, not simulated, and of no model. */
import type { Clip, Image } from '../../protocol/records.ts';

const count = 25;

/**
 * A ball falls with `gravity` (pixels of 64 a frame squared) and bounces; `seed` picks its place and its colour.
 * The clip is `size` pixels wide and high.
 */
export function drawnClip(seed: number, gravity: number, bounce: number, size = 64): Clip {
  const frames = new Uint8Array(count * size * size * 3);
  const ball = ballOf(seed);
  let speed = 0;
  const floor = 52 - ball.radius;
  for (let frame = 0; frame < count; frame++) {
    drawFrame(frames.subarray(frame * size * size * 3, (frame + 1) * size * size * 3), ball, size);
    speed += gravity;
    ball.y += speed;
    if (ball.y > floor) {
      ball.y = floor;
      speed = -speed * bounce;
    }
  }
  return { frames, shape: [count, size, size], framesPerSecond: 12.5 };
}

/** The first frame of every clip that `drawnClip` draws of this seed. */
export function drawnStill(seed: number, size = 64): Image {
  const pixels = new Uint8Array(size * size * 3);
  drawFrame(pixels, ballOf(seed), size);
  return { pixels, shape: [size, size] };
}

function ballOf(seed: number) {
  const hue = (seed * 47) % 360;
  return { x: 20 + ((seed * 13) % 25), y: 10 + (seed % 8), radius: 6 + (seed % 4), hue };
}

function drawFrame(target: Uint8Array, ball: ReturnType<typeof ballOf>, size: number) {
  const { x, y, radius } = ball;
  const colour = rgb(ball.hue, 0.55);
  for (let index = 0; index < size * size; index++) {
    const row = (Math.floor(index / size) * 64) / size;
    const column = ((index % size) * 64) / size;
    const tile = (Math.floor(column / 8) + Math.floor((row - 40) / 4)) % 2 === 0;
    const base = row > 40 ? (tile ? 150 : 132) : 205 - row;
    const shadow = Math.hypot((column - x - 3) / radius, (row - 53) / 3) < 1 ? 0.6 : 1;
    const cover = Math.max(0, Math.min(1, radius - Math.hypot(column - x, row - y) + 0.5));
    const light = Math.max(0.25, 1 - Math.hypot(column - x + 2, row - y + 2) / (1.6 * radius));
    for (let channel = 0; channel < 3; channel++) {
      const back = base * shadow * [1, 0.98, 0.94][channel];
      const value = back * (1 - cover) + colour[channel] * light * 1.2 * cover;
      target[3 * index + channel] = Math.min(255, value);
    }
  }
}

function rgb(hue: number, lightness: number): [number, number, number] {
  const channel = (shift: number) => {
    const k = (shift + hue / 30) % 12;
    const chroma = 0.84 * Math.min(lightness, 1 - lightness);
    return 255 * (lightness - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return [channel(0), channel(8), channel(4)];
}
