// Serves an existing build on the port given: `node scripts/serve-build.mjs 4173`. It builds nothing.
import { join } from 'node:path';
import { root } from './install.mjs';
import { serve } from './serve.mjs';

const { address } = await serve(join(root, 'dist'), Number(process.argv[2] ?? 4173));
console.log(address);
