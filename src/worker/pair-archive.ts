/**
 * The pairs of this and earlier visits, as training needs them: records by id, latents out of their bytes,
 * encodings of their images made again on demand and kept for the recent ones.
 *
 * Votes train on the latents that were shown, never on video encoded again.
 */
import type { PairRecord } from '../protocol/records.ts';
import type { Preference } from '../learning/preference-set.ts';
import type { LearnablePair } from '../learning/trainer.ts';
import type { Domain } from '../model/config.ts';
import type { Encoding } from '../model/generator.ts';
import { parse, SafetensorsError, serialize } from '../model/safetensors.ts';
import { domainOf } from './domain-of.ts';

/** Latents of a pair's clips, [T, H, W, C] each. */
export interface PairLatents {
  readonly a: Float32Array;
  readonly b: Float32Array;
}

/** What encodes an image: a ClipGenerator. */
export interface Encoder {
  encode(image: Uint8Array, domain: Domain): Promise<Encoding>;
}

/** Lengths that a usable record has: values of a clip's latents, bytes of its image. */
export interface PairSizes {
  readonly latent: number;
  readonly image: number;
}

/** Encodings kept at hand: about 150 KB each. */
const keptEncodings = 128;

/** A pair's latents as the bytes of its record. */
export function latentBytes(latents: PairLatents, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  return serialize([
    ['latent_a', { dtype: 'F32', shape: [...shape], data: latents.a }],
    ['latent_b', { dtype: 'F32', shape: [...shape], data: latents.b }],
  ]);
}

function latentsOf(record: PairRecord, size: number): PairLatents {
  const { tensors } = parse(record.tensors);
  const read = (name: string): Float32Array => {
    const data = tensors.get(name)?.data;
    if (!(data instanceof Float32Array) || data.length !== size || !data.every(Number.isFinite)) {
      throw new RangeError(`The stored pair ${record.id} has no usable "${name}".`);
    }
    return data;
  };
  return { a: read('latent_a'), b: read('latent_b') };
}

export class PairArchive {
  private readonly sizes: PairSizes;
  private readonly records = new Map<string, PairRecord>();
  /** What `readable` found, by record. */
  private readonly read = new WeakMap<PairRecord, boolean>();
  private readonly encodings = new Map<string, Encoding>();

  constructor(sizes: PairSizes) {
    this.sizes = sizes;
  }

  add(record: PairRecord, encoding?: Encoding): void {
    this.records.set(record.id, record);
    if (encoding !== undefined) this.keep(record.id, encoding);
  }

  get(id: string): PairRecord | undefined {
    return this.records.get(id);
  }

  /** Whether a pair can be trained on: known, made by a model of the same weights file, and readable. */
  usable(id: string, modelHash: string): boolean {
    const record = this.records.get(id);
    return record !== undefined && record.generator.modelHash === modelHash && this.readable(record);
  }

  /** False for a record that is damaged: its latents or its image are not what the model needs. */
  readable(record: PairRecord): boolean {
    const known = this.read.get(record);
    if (known !== undefined) return known;
    const readable = this.isReadable(record);
    this.read.set(record, readable);
    return readable;
  }

  private isReadable(record: PairRecord): boolean {
    if (record.image.pixels.length !== this.sizes.image) return false;
    try {
      latentsOf(record, this.sizes.latent);
      return true;
    } catch (error) {
      if (error instanceof RangeError || error instanceof SafetensorsError) return false;
      throw error;
    }
  }

  /**
   * What training needs of a preference.
   * @throws RangeError when the stored tensors are unusable
   */
  async learnable(preference: Preference, encoder: Encoder): Promise<LearnablePair> {
    const record = this.records.get(preference.pairId);
    if (record === undefined) throw new RangeError(`The pair ${preference.pairId} is not known.`);
    const latents = latentsOf(record, this.sizes.latent);
    const known = this.encodings.get(record.id);
    const encoding = known ?? await encoder.encode(record.image.pixels, domainOf(record.source));
    this.keep(record.id, encoding);
    const rejected = preference.chosen === 'a' ? 'b' : 'a';
    return { encoding, chosen: latents[preference.chosen], rejected: latents[rejected] };
  }

  private keep(id: string, encoding: Encoding): void {
    this.encodings.delete(id);
    this.encodings.set(id, encoding);
    const oldest = this.encodings.keys().next();
    if (this.encodings.size > keptEncodings && !oldest.done) this.encodings.delete(oldest.value);
  }
}
