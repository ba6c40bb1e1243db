/** What can go wrong with storage, as a code and a sentence for the visitor. */

export type StorageErrorCode = 'full' | 'refused' | 'elsewhere' | 'closed' | 'failed';

const sentences: Record<StorageErrorCode, string> = {
  full:
    'The browser has no room left for this site, so this is kept in memory only. ' +
    'Export it, or free some space.',
  refused:
    'The browser does not let this site store anything (a private window, or storage is switched off), ' +
    'so everything is kept in memory until the page is closed. Export what you want to keep.',
  elsewhere:
    'The studio is open in another tab, and only that one stores. What you do here is kept in memory until ' +
    'the page is closed: go on in the other tab, or export what you want to keep.',
  closed: 'Another tab has taken over the storage. Reload this page to go on storing.',
  failed: 'The browser could not store this; it is kept in memory only. Export it to be safe.',
};

/** A write or a read that did not happen. `message` is a sentence for the visitor. */
export class StorageError extends Error {
  override name = 'StorageError';
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, cause?: unknown) {
    super(sentences[code], { cause });
    this.code = code;
  }
}

/** Names what a browser's own exception means for the visitor. */
export function storageErrorFrom(cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause;
  const name = cause instanceof Error || cause instanceof DOMException ? cause.name : '';
  if (name === 'QuotaExceededError') return new StorageError('full', cause);
  if (name === 'SecurityError' || name === 'NotAllowedError') return new StorageError('refused', cause);
  if (name === 'InvalidStateError') return new StorageError('closed', cause);
  return new StorageError('failed', cause);
}
