/**
 * Clips and stills on canvas. Frames u8 [T,H,W,3] are turned into RGBA once, then put on the canvas at their own
 * size; the style sheet enlarges them. A canvas draws itself when the frame source says so, without React.
 */
import { useEffect, useRef } from 'react';

/** Where a canvas learns which frame is on screen. */
export interface FrameSource {
  frame(): number;
  /** Calls the listener when the frame has changed; returns the function that stops it. */
  listen(listener: () => void): () => void;
}

export type Enlarge = 'smooth' | 'pixels';

interface ClipCanvasProps {
  /** [T,H,W,3] */
  frames: Uint8Array;
  /** [T,H,W] */
  shape: readonly [number, number, number];
  source: FrameSource;
  enlarge: Enlarge;
  label: string;
}

/** One clip, on the frame that the source names. */
export function ClipCanvas({ frames, shape, source, enlarge, label }: ClipCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [count, height, width] = shape;
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const cache: (ImageData | undefined)[] = Array.from({ length: count });
    const draw = () => {
      const frame = Math.min(count - 1, source.frame());
      cache[frame] ??= opaque(frames, frame, height, width);
      context.putImageData(cache[frame], 0, 0);
    };
    draw();
    return source.listen(draw);
  }, [frames, count, height, width, source]);
  return (
    <canvas
      ref={canvas}
      className="clip-canvas"
      width={width}
      height={height}
      role="img"
      aria-label={label}
      data-enlarge={enlarge}
    />
  );
}

interface StillCanvasProps {
  /** [H,W,3] */
  pixels: Uint8Array;
  /** [H,W] */
  shape: readonly [number, number];
  enlarge: Enlarge;
  /** Empty for decoration. */
  label: string;
}

/** A picture that does not move. */
export function StillCanvas({ pixels, shape, enlarge, label }: StillCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [height, width] = shape;
  useEffect(() => {
    canvas.current?.getContext('2d')?.putImageData(opaque(pixels, 0, height, width), 0, 0);
  }, [pixels, height, width]);
  return (
    <canvas
      ref={canvas}
      className="clip-canvas"
      width={width}
      height={height}
      role={label ? 'img' : 'presentation'}
      aria-label={label || undefined}
      data-enlarge={enlarge}
    />
  );
}

function opaque(frames: Uint8Array, frame: number, height: number, width: number): ImageData {
  const image = new ImageData(width, height);
  const start = frame * height * width * 3;
  for (let pixel = 0; pixel < height * width; pixel++) {
    image.data[4 * pixel] = frames[start + 3 * pixel];
    image.data[4 * pixel + 1] = frames[start + 3 * pixel + 1];
    image.data[4 * pixel + 2] = frames[start + 3 * pixel + 2];
    image.data[4 * pixel + 3] = 255;
  }
  return image;
}
