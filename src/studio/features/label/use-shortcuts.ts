/** Listens for keys and carries out their commands. */
import { useEffect } from 'react';
import { Choice, Reason } from '../../../protocol/records.ts';
import { useSettings, useStudio } from '../../stores/context.ts';
import { commandFor, type Command } from '../../stores/shortcuts.ts';
import type { Studio } from '../../stores/studio.ts';

/** `openHelp` shows the list of keys. Dialogs keep their keys to themselves. */
export function useShortcuts(openHelp: () => void) {
  const studio = useStudio();
  const enabled = useSettings((state) => state.shortcuts);
  useEffect(() => {
    if (!enabled) return;
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || document.querySelector('[role=dialog]')) return;
      const { key, ctrlKey, metaKey, altKey } = event;
      const command = commandFor({ key, ctrlKey, metaKey, altKey, focus: focusOf(event.target) });
      if (!command || (event.repeat && !command.startsWith('player.'))) return;
      event.preventDefault();
      if (command === 'help.open') openHelp();
      else carryOut(studio, command);
    };
    window.addEventListener('keydown', listen);
    window.addEventListener('click', letGo);
    return () => {
      window.removeEventListener('keydown', listen);
      window.removeEventListener('click', letGo);
    };
  }, [studio, enabled, openHelp]);
}

/** A pointer leaves no focus behind on the stage: the next Space plays, and casts no vote by accident. */
function letGo(event: MouseEvent) {
  const pressed = event.target instanceof Element ? event.target.closest('.stage button, .stage input') : null;
  if (event.detail > 0 && pressed instanceof HTMLElement) pressed.blur();
}

function focusOf(target: EventTarget | null): 'nothing' | 'button' | 'keys' {
  if (!(target instanceof Element)) return 'nothing';
  if (target.closest('input, select, textarea, [contenteditable=true], [role=slider]')) return 'keys';
  return target.closest('button, a, summary, [role=switch]') ? 'button' : 'nothing';
}

function carryOut(studio: Studio, command: Exclude<Command, 'help.open'>) {
  const choice = Choice.options.find((option) => command === `vote.${option}`);
  const reason = Reason.options.find((option) => command === `reason.${option}`);
  if (choice) studio.labelling.vote(choice, 'key');
  else if (reason) studio.labelling.toggleReason(reason);
  else if (command === 'vote.undo') studio.labelling.undo();
  else if (command === 'pair.next') studio.labelling.next();
  else if (command === 'player.toggle') studio.player.toggle();
  else if (command === 'player.back') studio.player.step(-1);
  else if (command === 'player.forward') studio.player.step(1);
  else if (command === 'player.loop') studio.player.toggleLoop();
  else if (command === 'player.restart') studio.player.restart();
}
