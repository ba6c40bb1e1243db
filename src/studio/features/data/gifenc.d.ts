// Types for the parts of gifenc that are used here; the package ships none.
declare module 'gifenc' {
  type Palette = number[][];

  interface Encoder {
    writeFrame(
      indices: Uint8Array, width: number, height: number, options: { palette: Palette; delay: number },
    ): void;
    finish(): void;
    bytes(): Uint8Array;
  }

  export function GIFEncoder(): Encoder;
  /** rgba u8 to at most `colours` colours. */
  export function quantize(rgba: Uint8Array, colours: number): Palette;
  export function applyPalette(rgba: Uint8Array, palette: Palette): Uint8Array;

  const whole: {
    GIFEncoder: typeof GIFEncoder; quantize: typeof quantize; applyPalette: typeof applyPalette;
  };
  export default whole;
}
