/** nano and its fixture from the repository's own folder, for tests in Node. */
import { readFile } from 'node:fs/promises';
import { readFixture } from './fixture.ts';
import type { Fixture } from './fixture.ts';
import { loadModel } from './generator.ts';
import type { Model } from './generator.ts';

const folder = 'public/models/nano';

/** Puts the model on the active backend. */
export async function openNano(): Promise<{ model: Model; fixture: Fixture }> {
  const model = await loadModel({
    description: await readFile(`${folder}/model.json`, 'utf8'),
    weights: await readFile(`${folder}/model.safetensors`),
  });
  return { model, fixture: readFixture(await readFile(`${folder}/fixture.safetensors`)) };
}
