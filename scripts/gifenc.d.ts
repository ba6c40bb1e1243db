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

  const gifenc: {
    GIFEncoder(): Encoder;
    /** rgba u8 to at most `colours` colours. */
    quantize(rgba: Uint8Array, colours: number): Palette;
    applyPalette(rgba: Uint8Array, palette: Palette): Uint8Array;
  };
  export default gifenc;
}
