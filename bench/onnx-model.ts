// The generator of src/model/video-transformer.ts as a graph of onnxruntime-web, with its fused operators: layer norm,
// RMS norm, rotary positions, GELU by tanh.

import { epsilon } from '../src/kernels/normalization/oracle.ts';
import { latentShape } from '../src/model/config.ts';
import { physicsTokenCount } from '../src/model/parameters.ts';
import { rotaryTables } from '../src/model/rotary-positions.ts';
import type { ModelFile } from '../src/model/weights.ts';
import { onnxAttention } from './onnx.ts';
import type { OnnxGraph } from './onnx.ts';

const contributed = 'com.microsoft';

/** Writes the generator's pieces into a graph, for a batch of this size. */
export class OnnxModel {
  private readonly graph: OnnxGraph;
  private readonly file: ModelFile;
  private readonly batch: number;
  /** Tokens of a clip, and their cosines and sines in the graph. */
  private readonly length: number;
  private readonly angles: readonly string[];

  constructor(graph: OnnxGraph, file: ModelFile, batch: number) {
    this.graph = graph;
    this.file = file;
    this.batch = batch;
    const { cos, sin, length, pairs } = rotaryTables(file.config);
    this.length = length;
    this.angles = [cos, sin].map((values) => graph.constant({ values, shape: [length, pairs] }));
  }

  private weight(name: string, shape?: readonly number[]): string {
    const parameter = this.file.parameters.get(name);
    if (!parameter) throw new Error(`There is no parameter ${name}.`);
    return this.graph.constant({ values: parameter.values, shape: shape ?? parameter.shape });
  }

  private number(value: number): string {
    return this.graph.constant({ values: Float32Array.of(value), shape: [1] });
  }

  private whole(values: readonly number[]): string {
    return this.graph.constant({ values, shape: [values.length] });
  }

  private sum(a: string, b: string): string {
    return this.graph.add({ name: 'Add' }, a, b);
  }

  private product(a: string, b: string): string {
    return this.graph.add({ name: 'Mul' }, a, b);
  }

  private reshape(x: string, shape: readonly number[]): string {
    return this.graph.add({ name: 'Reshape' }, x, this.whole(shape));
  }

  private expand(x: string, shape: readonly number[]): string {
    return this.graph.add({ name: 'Expand' }, x, this.whole(shape));
  }

  private parts(x: string, count: number, axis: number): string[] {
    return this.graph.many({ name: 'Split', attributes: { axis, num_outputs: count } }, [x], count);
  }

  private joined(axis: number, ...parts: string[]): string {
    return this.graph.add({ name: 'Concat', attributes: { axis } }, ...parts);
  }

  private linear(name: string, x: string): string {
    return this.sum(this.graph.add({ name: 'MatMul' }, x, this.weight(`${name}.weight`)), this.weight(`${name}.bias`));
  }

  private silu(x: string): string {
    return this.product(x, this.graph.add({ name: 'Sigmoid' }, x));
  }

  /** Rows of mean 0 and variance 1, times 1 + scale, plus shift; both [B, 1, width]. */
  private modulated(x: string, scale: string, shift: string): string {
    const { width } = this.file.config.transformer;
    const ones = this.graph.constant({ values: new Float32Array(width).fill(1), shape: [width] });
    const rows = this.graph.add({ name: 'LayerNormalization', attributes: { axis: -1 }, floats: { epsilon } }, x, ones);
    return this.sum(this.product(rows, this.sum(scale, this.number(1))), shift);
  }

  /** RMS norm and turn of x [B, L, width], head by head. */
  private turned(x: string, scale: string): string {
    const { heads, width } = this.file.config.transformer;
    const perHead = this.reshape(x, [this.batch, this.length, heads, width / heads]);
    const rows = this.graph.add(
      { name: 'SimplifiedLayerNormalization', attributes: { axis: -1 }, floats: { epsilon } },
      perHead, this.weight(scale, [width / heads]));
    return this.graph.add(
      { name: 'RotaryEmbedding', domain: contributed }, this.reshape(rows, [this.batch, this.length, width]),
      this.whole([0]), ...this.angles);
  }

  /** A block: x [B, L, width], shared modulation [B, 6 width] -> [B, L, width]. */
  block(index: number, x: string, shared: string): string {
    const { heads, width } = this.file.config.transformer;
    const name = `transformer.block_${index}`;
    const own = this.sum(shared, this.weight(`${name}.modulation`, [1, 6 * width]));
    const [shift1, scale1, gate1, shift2, scale2, gate2] =
      this.parts(own, 6, 1).map((part) => this.reshape(part, [this.batch, 1, width]));
    const [query, key, value] = this.parts(this.linear(`${name}.qkv`, this.modulated(x, scale1, shift1)), 3, 2);
    const mixed = onnxAttention(
      this.graph, this.turned(query, `${name}.query_scale`), this.turned(key, `${name}.key_scale`), value,
      [this.batch, this.length, width], heads);
    const attended = this.sum(x, this.product(this.linear(`${name}.output`, mixed), gate1));
    const hidden = this.graph.add(
      { name: 'FastGelu', domain: contributed }, this.linear(`${name}.mlp_1`, this.modulated(attended, scale2, shift2)));
    return this.sum(attended, this.product(this.linear(`${name}.mlp_2`, hidden), gate2));
  }

  /** Velocities [B, T, H, W, C]; of all but the noisy latents and the time there is one for the batch. */
  velocity(noisy: string, imageLatent: string, physics: string, domain: string, time: string): string {
    const { config } = this.file;
    const { patch, width, blocks } = config.transformer;
    const { generated, height, width: across, channels } = latentShape(config);
    const [rows, columns] = [height / patch, across / patch];
    const tokens = generated * rows * columns;
    const first = this.expand(imageLatent, [this.batch, generated, height, across, channels]);
    const grid = this.reshape(
      this.joined(4, noisy, first), [this.batch * generated, rows, patch, columns, patch, 2 * channels]);
    const folded = this.graph.add({ name: 'Transpose', attributes: { perm: [0, 1, 3, 2, 4, 5] } }, grid);
    const video = this.linear(
      'transformer.patch', this.reshape(folded, [this.batch, tokens, patch * patch * 2 * channels]));
    const typed = this.sum(physics, this.weight('transformer.physics_type', [1, 1, width]));
    let x = this.joined(
      1, video, this.expand(typed, [this.batch, physicsTokenCount(config), width]),
      this.expand(this.reshape(domain, [1, 1, width]), [this.batch, 1, width]));
    const c = this.silu(this.linear('transformer.time_2', this.silu(this.linear('transformer.time_1', time))));
    const shared = this.linear('transformer.modulation', c);
    for (let i = 0; i < blocks; i++) x = this.block(i, x, shared);
    const [shift, scale] = this.parts(this.linear('transformer.final_modulation', c), 2, 1)
      .map((part) => this.reshape(part, [this.batch, 1, width]));
    const kept = this.graph.add({ name: 'Slice' }, x, this.whole([0]), this.whole([tokens]), this.whole([1]));
    const cells = this.reshape(
      this.linear('transformer.final', this.modulated(kept, scale, shift)),
      [this.batch * generated, rows, columns, patch, patch, channels]);
    const unfolded = this.graph.add({ name: 'Transpose', attributes: { perm: [0, 1, 3, 2, 4, 5] } }, cells);
    return this.reshape(unfolded, [this.batch, generated, height, across, channels]);
  }
}
