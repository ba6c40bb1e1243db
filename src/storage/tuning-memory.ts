/**
 * What was measured of kernels on an adapter, kept from visit to visit in a database of its own: it is worth
 * nothing to the visitor's work, and may be thrown away at any time. Where nothing can be stored it remembers
 * nothing, which costs a measurement.
 */
import { openDB } from 'idb';
import * as v from 'valibot';

/** Variants by kernel and shape. */
export type RememberedChoices = Readonly<Record<string, string>>;

/** Remembers choices by adapter. Neither function rejects. */
export interface TuningMemory {
  load(adapter: string): Promise<RememberedChoices>;
  save(adapter: string, choices: RememberedChoices): Promise<void>;
}

const Choices = v.record(v.string(), v.string());
const store = 'choices';

function open(name: string) {
  return openDB(name, 1, { upgrade: (database) => void database.createObjectStore(store) });
}

/** The memory in IndexedDB. */
export function tuningMemory(name = 'physmaster-tuning'): TuningMemory {
  return {
    async load(adapter) {
      try {
        const database = await open(name);
        const found: unknown = await database.get(store, adapter);
        database.close();
        return v.is(Choices, found) ? found : {};
      } catch {
        return {};
      }
    },
    async save(adapter, choices) {
      try {
        const database = await open(name);
        await database.put(store, { ...choices }, adapter);
        database.close();
      } catch {
        // Measured again at the next visit.
      }
    },
  };
}
