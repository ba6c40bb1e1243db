// Test projects: `node` (world, metrics, oracles, model on the processor), and on WebGPU in real Chromium `gpu-kernels`
// (each kernel against its oracle) and `gpu-model` (engine, tuner, model and learning). A missing WebGPU adapter fails
// them; they never skip. Two, because a browser compiles shaders one after the other, and each project has a browser of
// its own; of about the same length, since the longer one is waited for.
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import type { TestProjectInlineConfiguration } from 'vitest/config';
import { chromiumFlags, findChromium } from './scripts/chromium.mjs';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          environment: 'node',
          include: ['src/**/*.test.ts', 'src/**/*.test.tsx', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: ['**/*.browser.test.ts', '**/node_modules/**'],
          testTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      inBrowser('gpu-kernels', ['src/kernels/*/**/*.browser.test.ts']),
      inBrowser('gpu-model', ['src/!(kernels)/**/*.browser.test.ts', 'src/kernels/*.browser.test.ts']),
    ],
  },
});

/** A project of tests that run in one browser, one file at a time: they share its GPU process. */
function inBrowser(name: string, include: string[]): TestProjectInlineConfiguration {
  return {
    // Found late, a dependency would make Vite reload a test that is already running.
    optimizeDeps: {
      include: [
        '@tensorflow/tfjs-core',
        '@tensorflow/tfjs-core/dist/register_all_gradients.js',
        '@tensorflow/tfjs-backend-cpu',
        '@tensorflow/tfjs-backend-wasm',
        '@tensorflow/tfjs-backend-webgpu',
      ],
    },
    test: {
      name,
      include,
      testTimeout: 120_000,
      fileParallelism: false,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: { executablePath: findChromium(), args: chromiumFlags } }),
        instances: [{ browser: 'chromium' }],
      },
    },
  };
}
