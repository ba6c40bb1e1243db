// What the stage shows when the session fails, with and without a pair on it.
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { Stage } from '../features/label/stage.tsx';
import { StudioContext } from '../stores/context.ts';
import type { Studio } from '../stores/studio.ts';
import { disk, openStudio, pairOnStage, until } from './opened-studio.ts';

/** The stage as it stands now. On a server React renders a store's first state; here that is the last. */
function markup(studio: Studio): string {
  for (const { store } of [studio.session, studio.labelling, studio.player, studio.settings]) {
    Object.assign(store, { getInitialState: store.getState });
  }
  return renderToStaticMarkup(
    <StudioContext value={studio}>
      <Stage />
    </StudioContext>,
  );
}

const failure = {
  kind: 'session.failed', code: 'device-lost', sentence: 'The GPU is gone.', remedy: 'Reload the page.',
} as const;

test('a failure is shown above a pair that is on the stage', async () => {
  const { studio, client } = await openStudio(disk());
  await pairOnStage(studio);
  expect(markup(studio)).not.toContain('role="alert"');
  client.emit(failure);
  expect(markup(studio)).toContain('The model has stopped');
  expect(markup(studio)).toContain('The GPU is gone.');
  expect(markup(studio)).toContain('Left clip');
});

test('a failure takes the place of clips that will not come', async () => {
  const { studio, client } = await openStudio(disk(), { failure });
  await until(() => expect(studio.session.store.getState().status).toBe('failed'));
  expect(markup(studio)).toContain('The model could not be started');
  expect(markup(studio)).not.toContain('class="clips"');
  expect(client.sent.some(({ kind }) => kind === 'pair.request')).toBe(false);
});

test('pairs that cannot be made leave a way to try again', async () => {
  const { studio } = await openStudio(disk(), { failures: 4 });
  await until(() => expect(studio.labelling.store.getState().stalled).toBe(true));
  expect(markup(studio)).toContain('No pair could be made.');
});
