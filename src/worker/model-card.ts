/**
 * The model card that the page shows, from the weights folder's model.json.
 */
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

/** What a person should know of a model, in the protocol's form. */
export function modelCard(file: ModelFile, size: ModelSize): EventOf<'session.ready'>['card'] {
  const { sampler, video: { frames, height, width, framesPerSecond } } = file.config;
  const text = (name: string, otherwise: string): string => {
    const value = file.description[name];
    return typeof value === 'string' ? value : otherwise;
  };
  const parameters = [...file.parameters.values()].reduce((sum, { values }) => sum + values.length, 0);
  return {
    name: text('name', `PhysMaster ${size}`), size, parameters, bytes: file.bytes,
    clip: [frames, height, width], framesPerSecond, sampler,
    families: trainedFamilies(file),
    summary: text('summary', 'Trained from nothing on simulated falls of one to three rigid bodies.'),
  };
}
