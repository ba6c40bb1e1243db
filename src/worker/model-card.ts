/**
 * The model card that the page shows, from the weights folder's model.json.
 */
import { defaultSampler } from '../model/sampler.ts';
import type { ModelFile } from '../model/weights.ts';
import type { EventOf } from '../protocol/messages.ts';
import type { ModelSize } from '../protocol/records.ts';
import { familyNames } from '../world/world.ts';

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
    clip: [frames, height, width], framesPerSecond, families: [...familyNames],
    sampler: { steps: defaultSampler.steps, guidance: defaultSampler.guidance },
    summary: text('summary', 'Trained from nothing on simulated falls of one to three rigid bodies.'),
  };
}
