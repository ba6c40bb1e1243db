// Which variant of a kernel runs: the one place that decides, and that a tuner can replace.
//
// 'register': each thread keeps a tile in registers and reads its operands straight from storage. Best on
// adapters that compute on the CPU, where barriers and workgroup memory cost more than they save.
// 'staged': tiles of the operands are staged through workgroup memory. Best on GPUs.
// 'general': scalar loads, any shape; runs when a dimension is not a multiple of 4, which the other two need.

/** How a kernel's operands reach its threads. */
export type Variant = 'register' | 'staged' | 'general';

/** Every variant, for suites that must cover all of them. */
export const variants: readonly Variant[] = ['register', 'staged', 'general'];

let forced: Variant | null = null;

/** Makes every kernel run this variant where it has it and the shape allows it; null ends that. */
export function forceVariant(variant: Variant | null): void {
  forced = variant;
}

/** True for an adapter that computes on the CPU. */
export function isSoftwareAdapter(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter || /swiftshader|llvmpipe|warp/i.test(`${info.architecture} ${info.description}`);
}

/**
 * The variant for a kernel on this device.
 * @param vectors whether the shape allows vec4 loads (the contiguous dimensions are multiples of 4)
 */
export function chooseVariant(device: GPUDevice, vectors: boolean): Variant {
  if (!vectors) {
    return 'general';
  }
  return forced ?? (isSoftwareAdapter(device.adapterInfo) ? 'register' : 'staged');
}
