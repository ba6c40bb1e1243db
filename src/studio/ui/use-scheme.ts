/** Whether the page is light or dark right now, for what a style sheet cannot colour. */
import { useSyncExternalStore } from 'react';

/** Follows the system's scheme and the page's own choice (data-theme on the root element). */
export function useScheme(): 'light' | 'dark' {
  return useSyncExternalStore(listen, current);
}

function current(): 'light' | 'dark' {
  const chosen = document.documentElement.dataset['theme'];
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

function listen(changed: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const observer = new MutationObserver(changed);
  system.addEventListener('change', changed);
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return () => {
    system.removeEventListener('change', changed);
    observer.disconnect();
  };
}
