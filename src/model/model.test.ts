// Configurations, the parameter list and the rotary tables: sizes that must fit together.
import { expect, test } from 'vitest';
import { checkConfig, ConfigError, latentShape, nanoConfig, parseConfig } from './config.ts';
import { headParameterNames, loraParameterShapes, parameterShapes, physicsTokenCount } from './parameters.ts';
import { rotaryTables, tokenPositions } from './rotary-positions.ts';
import { tinyConfig } from './tiny-model.ts';

const nanoJson = {
  size: 'nano', frames: 25, pixels: 64, frames_per_second: 12.5, autoencoder_patch: 2,
  encoder_channels: [32, 64, 96], decoder_channels: [96, 64, 24], latent_channels: 16, backbone_width: 128,
  backbone_blocks: 4, backbone_heads: 4, backbone_mlp: 512, backbone_patch: 8, head_width: 80, width: 256, blocks: 6, heads: 4,
  mlp: 576, patch: 2, time_width: 128, domains: 8, rotary_pairs: [8, 12, 12], rotary_base: 100,
  lora_rank: 16, lora_alpha: 16, sampler_method: 'adams-bashforth', sampler_steps: 6, guidance: 1,
  temperature: nanoConfig.sampler.temperature,
};

const elements = (shapes: ReadonlyMap<string, readonly number[]>) =>
  [...shapes.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);

test('the twin\'s description of nano is read as nano', () => {
  expect(parseConfig(nanoJson)).toEqual(nanoConfig);
  const other = parseConfig({ ...nanoJson, lora_rank: 8, lora_alpha: 4.5, sampler_steps: 9, guidance: 1.5,
    temperature: 0.5 });
  expect(other.lora).toEqual({ rank: 8, alpha: 4.5 });
  expect(other.sampler).toEqual({ method: 'adams-bashforth', steps: 9, guidance: 1.5, temperature: 0.5 });
});

test.each([
  ['width', undefined, /whole number "width"/],
  ['rotary_pairs', [8, 12], /three whole numbers in "rotary_pairs"/],
  ['rotary_pairs', [8, 12, 11], /half the head width/],
  ['refiner_channels', [8], /two whole numbers in "refiner_channels"/],
  ['refiner_channels', [8, 8], /three whole numbers in "background_channels"/],
  ['frames', 24, /not a multiple of 4/],
  ['frames_per_second', 0, /frames_per_second/],
  ['lora_rank', 0, /whole number "lora_rank"/],
  ['sampler_steps', 2.5, /whole number "sampler_steps"/],
  ['guidance', -1, /at least 0 as "guidance"/],
  ['sampler_method', 'midpoint', /one of euler, heun, adams-bashforth as "sampler_method"/],
  ['temperature', -0.1, /at least 0 as "temperature"/],
])('a configuration whose %s is %o is refused by name', (name, value, sentence) => {
  expect(() => parseConfig({ ...nanoJson, [name]: value })).toThrow(sentence);
  expect(() => parseConfig(null)).toThrow(ConfigError);
});

test('a refiner needs motion, and a patch that it can halve', () => {
  for (const without of [{ motionWidth: 0 }, { patch: 1 }]) {
    const config = { ...tinyConfig, autoencoder: { ...tinyConfig.autoencoder, ...without } };
    expect(() => checkConfig(config)).toThrow(/a refiner needs motion, and an even patch/);
  }
});

test('nano keeps its budget and its latent sizes', () => {
  expect(elements(parameterShapes(nanoConfig))).toBeLessThan(6.6e6);
  expect(latentShape(nanoConfig)).toEqual(
    { frames: 7, generated: 6, height: 8, width: 8, channels: 16, size: 6144 });
  expect(() => checkConfig(tinyConfig)).not.toThrow();
});

test('adapters sit on four projections of every block; the head is told by its prefix', () => {
  const shapes = loraParameterShapes(nanoConfig, 16);
  expect(shapes.size).toBe(6 * 4 * 2);
  expect(shapes.get('lora.block_5.mlp_2.a')).toEqual([576, 16]);
  expect(shapes.get('lora.block_0.qkv.b')).toEqual([16, 768]);
  expect(headParameterNames(nanoConfig)).toHaveLength(4 * 6 + 4);
});

test('rotary: the whole sequence, the domain token unturned, physics tokens between video tokens', () => {
  const positions = tokenPositions(nanoConfig);
  expect(positions).toHaveLength(96 + physicsTokenCount(nanoConfig) + 1);
  expect(positions[0]).toEqual([1, 0, 0]);
  expect(positions[95]).toEqual([6, 3, 3]);
  expect(positions[96]).toEqual([0, -0.25, -0.25]);
  expect(positions[159]).toEqual([0, 3.25, 3.25]);
  const { cos, sin, length, pairs } = rotaryTables(nanoConfig);
  expect([length, pairs]).toEqual([161, 32]);
  expect([...cos.subarray(160 * 32)].every((value) => value === 1)).toBe(true);
  expect(cos[0]).toBeCloseTo(Math.cos(1), 6);
  expect(sin[95 * 32 + 8]).toBeCloseTo(Math.sin(3), 6);
  expect(sin[95 * 32 + 9]).toBeCloseTo(Math.sin(3 * 100 ** (-1 / 12)), 6);
});
