import type { Work } from './work.ts';
export const modelWorks: Work[] = [];
