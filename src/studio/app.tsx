/** The app shell: header, banners, and the panels in their places. */
import { Popover } from '@base-ui/react/popover';
import { CircleQuestionMark, Moon, Sun, SunMoon, TriangleAlert, X } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { BeforeAfter } from './features/compare/before-after.tsx';
import { Log } from './features/data/log.tsx';
import { KernelsPanel } from './features/engine/kernels-panel.tsx';
import { HelpDialog } from './features/label/help-dialog.tsx';
import { Reveal } from './features/label/reveal.tsx';
import { SceneStrip } from './features/label/scene-strip.tsx';
import { Stage } from './features/label/stage.tsx';
import { useShortcuts } from './features/label/use-shortcuts.ts';
import { TrainingPanel } from './features/train/training-panel.tsx';
import { WorldBrowser } from './features/world/world-browser.tsx';
import { useSession, useSettings, useStudio } from './stores/context.ts';
import { Button } from './ui/button.tsx';
import { WebGpuAdvice } from './ui/web-gpu-advice.tsx';

export function App() {
  const [help, setHelp] = useState(false);
  const openHelp = useCallback(() => setHelp(true), []);
  useShortcuts(openHelp);
  useTheme();
  return (
    <>
      <Header onHelp={openHelp} />
      <Banners />
      <main>
        <div className="bench">
          <div className="bench-left">
            <SceneStrip />
            <Stage />
            <Reveal />
          </div>
          <TrainingPanel />
        </div>
        <BeforeAfter />
        <WorldBrowser />
        <Log />
      </main>
      <HelpDialog open={help} onOpenChange={setHelp} />
    </>
  );
}

function Header({ onHelp }: { onHelp(): void }) {
  return (
    <header className="masthead">
      <a className="wordmark" href="/">
        <svg width="28" height="28" viewBox="0 0 28 28" aria-hidden>
          <circle cx="7" cy="4.5" r="2.4" fill="currentColor" opacity=".25" />
          <circle cx="10.5" cy="9" r="2.9" fill="currentColor" opacity=".5" />
          <circle cx="16" cy="16.8" r="4" fill="currentColor" />
          <path d="M2 23.2h24" stroke="var(--ink)" strokeWidth="1.5" strokeLinecap="round" />
        </svg>
        <span>
          PhysMaster <b>Studio</b>
        </span>
      </a>
      <ModelLine />
      <ThemeButton />
      <Button
        tone="quiet"
        icon={<CircleQuestionMark size={18} />}
        aria-label="How it works, and all keys"
        title="How it works, and all keys (?)"
        onClick={onHelp}
      />
    </header>
  );
}

function ModelLine() {
  const status = useSession((state) => state.status);
  const card = useSession((state) => state.card);
  const adapter = useSession((state) => state.adapter);
  const software = useSession((state) => state.software);
  const noGpu = useSession((state) => state.noGpu);
  if (status !== 'ready' || !card) {
    return <p className="model-line">{status === 'failed' ? 'No model' : 'Loading the model'}</p>;
  }
  return (
    <p className="model-line" title={card.summary}>
      <b>{card.size}</b>
      <span>{(card.parameters / 1e6).toFixed(1)} M parameters</span>
      <Popover.Root>
        <Popover.Trigger className="text-button">
          {software ? `${adapter.replace(/ \(software\)$/, '')}, a software adapter: slow` : adapter}
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Positioner sideOffset={8} align="end">
            <Popover.Popup className="popover">{noGpu === null ? <KernelsPanel /> : <NoGpu reason={noGpu} />}</Popover.Popup>
          </Popover.Positioner>
        </Popover.Portal>
      </Popover.Root>
    </p>
  );
}

/** Why the processor computes in a GPU's place, and what to do about it. */
function NoGpu({ reason }: { reason: string }) {
  return (
    <>
      <Popover.Title>Without a GPU</Popover.Title>
      <Popover.Description>
        The model runs on your processor: everything works, some of it slower. {sentence(reason)}
      </Popover.Description>
      <WebGpuAdvice />
    </>
  );
}

function sentence(half: string): string {
  return half.charAt(0).toUpperCase() + half.slice(1);
}

const themes = {
  system: { next: 'light', icon: <SunMoon size={18} />, label: 'Theme: as the system' },
  light: { next: 'dark', icon: <Sun size={18} />, label: 'Theme: light' },
  dark: { next: 'system', icon: <Moon size={18} />, label: 'Theme: dark' },
} as const;

function ThemeButton() {
  const { settings } = useStudio();
  const theme = themes[useSettings((state) => state.theme)];
  return (
    <Button
      tone="quiet"
      icon={theme.icon}
      aria-label={theme.label}
      title={theme.label}
      onClick={() => settings.set({ theme: theme.next })}
    />
  );
}

function useTheme() {
  const theme = useSettings((state) => state.theme);
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
  }, [theme]);
}

function Banners() {
  const { session } = useStudio();
  const lost = useSession((state) => state.deviceLost);
  const notices = useSession((state) => state.notices);
  return (
    <div className="banners" role="status">
      {lost && (
        <p className="banner" data-tone="warning">
          <TriangleAlert size={16} aria-hidden />
          <span>{lost}</span>
        </p>
      )}
      {notices.map((notice) => (
        <p key={notice.id} className="banner" data-tone={notice.tone}>
          {notice.tone === 'warning' && <TriangleAlert size={16} aria-hidden />}
          <span>{notice.text}</span>
          <Button
            tone="quiet"
            icon={<X size={16} />}
            aria-label="Dismiss"
            onClick={() => session.dismiss(notice.id)}
          />
        </p>
      ))}
    </div>
  );
}
