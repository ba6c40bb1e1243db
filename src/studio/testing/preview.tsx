/**
 * The page with the scripted worker: for looking at it while the model is elsewhere. Served by `npm run dev`
 * under /src/studio/testing/preview.html, and no part of the build. `?failure=CODE` plays a failure.
 */
import * as v from 'valibot';
import { FailureCode } from '../../protocol/messages.ts';
import { mountStudio } from '../mount.tsx';
import { scriptedClient } from './scripted-worker.ts';

const parameters = new URLSearchParams(window.location.search);
const code = v.safeParse(FailureCode, parameters.get('failure'));
const root = document.getElementById('studio');
if (root) {
  const client = scriptedClient({
    loading: Number(parameters.get('loading') ?? 400),
    sampling: Number(parameters.get('sampling') ?? 80),
    training: Number(parameters.get('training') ?? 25),
    failure: code.success
      ? {
          kind: 'session.failed',
          code: code.output,
          sentence: 'This is what the worker says went wrong.',
          remedy: 'This is what the worker says one can do.',
        }
      : undefined,
  });
  mountStudio(client, root);
}
