/** Small clips of a falling ball for tests and the preview page: drawn, not simulated, and of no model. */
import type { Clip, Image } from '../../protocol/records.ts';

const size = 64;
const count = 25;

/**
 * A ball falls with `gravity` (pixels a frame squared) and bounces; `seed` picks its place and its colour.
 */
export function drawnClip(seed: number, gravity: number, bounce: number): Clip {
  const hue = (seed * 47) % 360;
  const x = 20 + ((seed * 13) % 25);
  const radius = 6 + (seed % 4);
  const frames = new Uint8Array(count * size * size * 3);
  let y = 10 + (seed % 8);
  let speed = 0;
  const floor = 52 - radius;
  for (let frame = 0; frame < count; frame++) {
    drawFrame(frames.subarray(frame * size * size * 3, (frame + 1) * size * size * 3), x, y, radius, hue);
    speed += gravity;
    y += speed;
    if (y > floor) {
      y = floor;
      speed = -speed * bounce;
    }
  }
  return { frames, shape: [count, size, size], framesPerSecond: 12.5 };
}

export function firstFrame(clip: Clip): Image {
  return { pixels: clip.frames.slice(0, size * size * 3), shape: [size, size] };
}

function drawFrame(target: Uint8Array, x: number, y: number, radius: number, hue: number) {
  const colour = rgb(hue, 0.55);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const ground = row > 40;
      const tile = (Math.floor(column / 8) + Math.floor((row - 40) / 4)) % 2 === 0;
      const base = ground ? (tile ? 150 : 132) : 205 - row;
      const shadow = Math.hypot((column - x - 3) / radius, (row - 53) / 3) < 1 ? 0.6 : 1;
      const distance = Math.hypot(column - x, row - y) / radius;
      const index = (row * size + column) * 3;
      for (let channel = 0; channel < 3; channel++) {
        const back = base * shadow * [1, 0.98, 0.94][channel];
        const light = Math.max(0.25, 1 - Math.hypot(column - x + 2, row - y + 2) / (1.6 * radius));
        const cover = Math.max(0, Math.min(1, (1 - distance) * radius + 0.5));
        target[index + channel] = Math.min(255, back * (1 - cover) + colour[channel] * light * 1.2 * cover);
      }
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
