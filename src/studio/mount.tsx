/** Puts a studio on the page. The page and the preview of the tests differ only in the client they bring. */
import { createRoot } from 'react-dom/client';
import { EngineWish, SizeWish } from '../protocol/messages.ts';
import { openStorage, askToPersist } from '../storage/indexed-storage.ts';
import { App } from './app.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { askBeforeLeaving } from './leaving.ts';
import { StudioContext } from './stores/context.ts';
import { runPlayer } from './stores/player.ts';
import { settingsDisk } from './stores/settings.ts';
import { createStudio } from './stores/studio.ts';
import './styles/studio.css';
import type { WorkerClient } from './worker-client.ts';

/** What the address asks for under a name, or `auto` where it is none of the wishes. */
function wishOf<Wish extends string>(name: string, wishes: readonly Wish[]): Wish | 'auto' {
  const wished = new URLSearchParams(window.location.search).get(name);
  return wishes.find((wish) => wish === wished) ?? 'auto';
}

/** Mounts the app and starts the session. Asks for lasting storage with the first vote, not on arrival. */
export function mountStudio(client: WorkerClient, root: HTMLElement) {
  const studio = createStudio({
    client,
    openStorage: () => openStorage(),
    settingsDisk: settingsDisk(),
    engine: wishOf('engine', EngineWish.options),
    autotune: new URLSearchParams(window.location.search).get('autotune') !== 'off',
    modelsUrl: new URL('/models/', window.location.href).href,
    size: wishOf('size', SizeWish.options),
    autoplay: !matchMedia('(prefers-reduced-motion: reduce)').matches,
  });
  createRoot(root).render(
    <ErrorBoundary>
      <StudioContext value={studio}>
        <App />
      </StudioContext>
    </ErrorBoundary>,
  );
  runPlayer(studio.player);
  void studio.start();
  askBeforeLeaving(window, studio.labelling.unsaved);
  const stop = studio.labelling.store.subscribe(({ events }) => {
    if (events.length === 0) return;
    stop();
    void askToPersist();
  });
}
