/** The page's entry. */
import { mountStudio } from './mount.tsx';
import { openWorker } from './worker-client.ts';

const root = document.getElementById('studio');
if (root) mountStudio(openWorker(), root);
