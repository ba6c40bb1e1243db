import { expect, test } from 'vitest';
import { webGpuAdvice } from './web-gpu-advice.tsx';

test('each browser gets advice of its own', () => {
  const agent = (name: string, system = 'Windows NT 10.0') => `Mozilla/5.0 (${system}) ${name}`;
  expect(webGpuAdvice(agent('Gecko/20100101 Firefox/140.0')).browser).toBe('Firefox');
  expect(webGpuAdvice(agent('Chrome/140.0 Safari/537.36')).browser).toBe('Chrome');
  expect(webGpuAdvice(agent('Chrome/140.0 Safari/537.36 Edg/140.0')).browser).toBe('Edge');
  expect(webGpuAdvice(agent('Version/26.0 Safari/605.1.15', 'Macintosh')).browser).toBe('Safari');
  expect(webGpuAdvice(agent('Version/18.0 Safari/604.1', 'iPhone')).browser).toMatch(/iPhone/);
  expect(webGpuAdvice(agent('Chrome/140.0 Safari/537.36', 'X11; Linux x86_64')).steps.join()).toMatch(/flags/);
  expect(webGpuAdvice('curl/8').steps).toHaveLength(1);
});
