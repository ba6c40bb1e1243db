// Who may know whom (ARCHITECTURE.md). Each rule lists the folders that a folder may import besides itself.
const allowed = {
  math: [],
  world: ['math'],
  metrics: ['math'],
  kernels: ['math', 'engine'],
  engine: [],
  model: ['kernels', 'engine', 'math'],
  learning: ['model', 'metrics', 'world', 'engine', 'math', 'kernels'],
  protocol: [],
  storage: ['protocol'],
  worker: ['learning', 'model', 'world', 'metrics', 'storage', 'protocol', 'kernels', 'engine', 'math'],
  'studio/ui': [],
  'studio/stores': ['protocol', 'storage', 'studio/worker-client.ts'],
};

const layers = Object.entries(allowed).map(([folder, others]) => ({
  name: `${folder.replace('/', '-')}-imports`,
  severity: 'error',
  comment: `src/${folder} may import ${others.length ? others.join(', ') : 'nothing of src'}`,
  from: { path: `^src/${folder}/`, pathNot: '\\.test\\.tsx?$' },
  to: { path: '^src/', pathNot: [`^src/${folder}/`, ...others.map((other) => `^src/${other}`)] },
}));

module.exports = {
  forbidden: [
    ...layers,
    { name: 'no-cycles', severity: 'error', from: { pathNot: 'node_modules' }, to: { circular: true } },
    {
      name: 'features-stand-alone',
      severity: 'error',
      comment: 'a feature never imports another feature',
      from: { path: '^src/studio/features/([^/]+)/' },
      to: { path: '^src/studio/features/', pathNot: '^src/studio/features/$1/' },
    },
    {
      name: 'features-know-stores-and-ui',
      severity: 'error',
      from: { path: '^src/studio/features/' },
      to: { path: '^src/', pathNot: '^src/(studio/(features|ui|stores)|protocol|math)/' },
    },
    {
      name: 'react-only-in-studio',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(studio/|main\\.tsx)' },
      to: { path: 'node_modules/(react|react-dom|zustand)/' },
    },
    {
      name: 'tensors-never-in-studio',
      severity: 'error',
      from: { path: '^src/(studio|storage|protocol|world|metrics|math)/' },
      to: { path: 'node_modules/@tensorflow/' },
    },
    {
      name: 'oracles-without-tensors',
      severity: 'error',
      from: { path: 'oracle\\.ts$' },
      to: { path: 'node_modules/@tensorflow/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'] },
  },
};
