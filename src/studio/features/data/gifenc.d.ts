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

  export interface Library {
    GIFEncoder(): Encoder;
    /** rgba u8 to at most `colours` colours. */
    quantize(rgba: Uint8Array, colours: number): Palette;
    applyPalette(rgba: Uint8Array, palette: Palette): Uint8Array;
  }

  const library: Library;
  export default library;
}
