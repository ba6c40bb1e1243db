/**
 * The visitor's own settings of the page. Kept in localStorage; where that is refused they last until the
 * page is closed, which is no loss worth a message.
 */
import * as v from 'valibot';
import { createStore } from 'zustand/vanilla';

const Settings = v.object({
  theme: v.fallback(v.picklist(['system', 'light', 'dark']), 'system'),
  /** Smooth shows the motion, pixels shows exactly what the model made. */
  enlarge: v.fallback(v.picklist(['smooth', 'pixels']), 'smooth'),
  /** Single-key shortcuts can be switched off (WCAG 2.1.4). */
  shortcuts: v.fallback(v.boolean(), true),
  /** Show the next pair by itself after a vote. */
  advance: v.fallback(v.boolean(), true),
  /** Refresh before and after every so many training steps; 0: only when asked. */
  refreshEvery: v.fallback(v.picklist([0, 10, 25, 50]), 25),
  /** Sampler steps and temperature of the pairs; null: the model's own. */
  samplerSteps: v.fallback(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(200))), null),
  temperature: v.fallback(v.nullable(v.pipe(v.number(), v.finite(), v.minValue(0))), null),
});
export type Settings = v.InferOutput<typeof Settings>;

const key = 'physmaster-studio.settings';

export type SettingsStore = ReturnType<typeof createSettingsStore>;

/** Settings as stored, or their defaults. */
export function createSettingsStore(disk: Pick<Storage, 'getItem' | 'setItem'> | null) {
  const store = createStore<Settings>(() => v.parse(Settings, read(disk)));
  return {
    store,
    set(change: Partial<Settings>) {
      store.setState(change);
      try {
        disk?.setItem(key, JSON.stringify(store.getState()));
      } catch {
        // Refused or full: the setting holds until the page is closed.
      }
    },
  };
}

/** localStorage, or null where even looking at it throws. */
export function settingsDisk(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

function read(disk: Pick<Storage, 'getItem'> | null): unknown {
  try {
    const found: unknown = JSON.parse(disk?.getItem(key) ?? '{}');
    return v.is(v.record(v.string(), v.unknown()), found) ? found : {};
  } catch {
    return {};
  }
}
