/**
 * The model card that the page shows, from the weights folder's model.json.
 */
import type { ModelConfig, SamplerOptions } from '../model/config.ts';
import type { ModelFile } from '../model/weights.ts';
import type { EventOf } from '../protocol/messages.ts';
import type { ModelSize } from '../protocol/records.ts';
import { familyNames } from '../world/world.ts';

/** Families of scenes that a model was trained on, by its description; free fall where it names none that there is. */
export function trainedFamilies({ description }: Pick<ModelFile, 'description'>): string[] {
  const { families } = description;
  const known = Array.isArray(families) ? familyNames.filter((name) => families.includes(name)) : [];
  return known.length > 0 ? known : ['free-fall'];
}

/**
 * How pairs are sampled unless the visitor asks otherwise: as the model is, but from the whole of what it has
 * learned. Two clips that are alike leave nothing to prefer.
 */
export function pairSampler({ sampler }: Pick<ModelConfig, 'sampler'>): SamplerOptions {
  return { ...sampler, temperature: 1 };
}

/** What a person should know of a model, in the protocol's form. */
export function modelCard(file: ModelFile, size: ModelSize): EventOf<'session.ready'>['card'] {
  const { frames, height, width, framesPerSecond } = file.config.video;
  const text = (name: string, otherwise: string): string => {
    const value = file.description[name];
    return typeof value === 'string' ? value : otherwise;
  };
  const parameters = [...file.parameters.values()].reduce((sum, { values }) => sum + values.length, 0);
  return {
    name: text('name', `PhysMaster ${size}`), size, parameters, bytes: file.bytes,
    clip: [frames, height, width], framesPerSecond, sampler: pairSampler(file.config),
    families: trainedFamilies(file),
    summary: text('summary', 'Trained from nothing on simulated scenes.'),
  };
}
