/** How it works, and every key. */
import { Dialog } from '@base-ui/react/dialog';
import { Switch } from '@base-ui/react/switch';
import { X } from 'lucide-react';
import { useSettings, useStudio } from '../../stores/context.ts';
import { shortcuts } from '../../stores/shortcuts.ts';
import { Button, KeyCap } from '../../ui/button.tsx';

const groups = ['Vote', 'Why', 'Player', 'Page'] as const;

export function HelpDialog({ open, onOpenChange }: { open: boolean; onOpenChange(open: boolean): void }) {
  const { settings } = useStudio();
  const enabled = useSettings((state) => state.shortcuts);
  const advance = useSettings((state) => state.advance);
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="dialog-backdrop" />
        <Dialog.Popup className="dialog">
          <header>
            <Dialog.Title>How it works</Dialog.Title>
            <Dialog.Close render={<Button tone="quiet" icon={<X size={18} />} aria-label="Close" />} />
          </header>
          <Dialog.Description>
            A small video model predicts, twice and with different noise, what happens after one frame. Pick the
            clip that obeys physics. Training then makes the model prefer what you picked, here, on your own machine,
            which nothing leaves.
          </Dialog.Description>
          <div className="help-keys">
            {groups.map((group) => (
              <section key={group}>
                <h3>{group}</h3>
                <dl>
                  {shortcuts
                    .filter((shortcut) => shortcut.group === group)
                    .map((shortcut) => (
                      <div key={shortcut.command}>
                        <dt>
                          <KeyCap>{shortcut.cap}</KeyCap>
                        </dt>
                        <dd>{shortcut.label}</dd>
                      </div>
                    ))}
                </dl>
              </section>
            ))}
          </div>
          <Setting label="Single-key shortcuts" checked={enabled} onChange={(on) => settings.set({ shortcuts: on })} />
          <Setting
            label="Show the next pair by itself after a vote"
            checked={advance}
            onChange={(on) => settings.set({ advance: on })}
          />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Setting(props: { label: string; checked: boolean; onChange(checked: boolean): void }) {
  return (
    <label className="setting">
      <span>{props.label}</span>
      <Switch.Root className="switch" checked={props.checked} onCheckedChange={props.onChange}>
        <Switch.Thumb className="switch-thumb" />
      </Switch.Root>
    </label>
  );
}
