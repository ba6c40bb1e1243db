/**
 * The trained state of a model: adapters, physical head, and the optimiser's moments.
 *
 * Stage two trains low-rank adapters on the generator, stage three the physical head end to end through it.
 * Both sets of variables exist all the time, so that a change of stage goes on from the weights as they are.
 * All of them are updated in place and never reassigned: captured steps hold their buffers. The base weights
 * are never written.
 *
 * The reference of a stage differs from the policy in what that stage trains, and in nothing else: for the
 * generator the adapter is off, for the head the pretrained head stands in its place.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { overwrite } from '../engine/overwrite.ts';
import { readTogether } from '../engine/read-together.ts';
import type { Model, Policy } from '../model/generator.ts';
import { initialLora } from '../model/lora.ts';
import { headParameterNames, loraParameterShapes } from '../model/parameters.ts';

export type Stage = 'generator' | 'physical-head';

/** One trained parameter with AdamW's first and second moments. */
export interface Trainable {
  readonly name: string;
  readonly value: Variable;
  readonly firstMoment: Variable;
  readonly secondMoment: Variable;
}

export interface LoraSettings {
  readonly rank: number;
  readonly alpha: number;
  /** Of the random factor. */
  readonly seed: number;
}

/** Of every adapter's random factor. */
const loraSeed = 1;

/** Values of the whole state by name; AdamW's moments under `optimizer.first.` and `optimizer.second.`. */
export type StateValues = ReadonlyMap<string, Float32Array>;

export class PolicyState {
  readonly model: Model;
  readonly lora: LoraSettings;
  readonly trainables: Readonly<Record<Stage, readonly Trainable[]>>;
  /** What generates: base weights with the trained head, and the adapter. */
  readonly policy: Policy;

  constructor(model: Model) {
    const lora = { ...model.config.lora, seed: loraSeed };
    this.model = model;
    this.lora = lora;
    const shapes = loraParameterShapes(model.config, lora.rank);
    const initial = initialLora(model.config, lora.rank, lora.seed);
    const generator = [...initial].map(([name, values]) => trainable(name, values, shapes.get(name) ?? []));
    const head = headParameterNames(model.config).map((name) => {
      const { shape, values } = pretrained(model, name);
      return trainable(name, values, shape);
    });
    this.trainables = { generator, 'physical-head': head };
    const tensors = (list: readonly Trainable[]) =>
      list.map(({ name, value }): [string, Tensor] => [name, value]);
    this.policy = {
      weights: new Map([...model.weights, ...tensors(head)]),
      lora: { weights: new Map(tensors(generator)), scale: lora.alpha / lora.rank },
    };
  }

  /** What a stage is measured against. */
  reference(stage: Stage): Policy {
    return stage === 'generator'
      ? { weights: this.policy.weights }
      : { weights: this.model.weights, lora: this.policy.lora };
  }

  /** Values of all variables, read back from the GPU. */
  async values(): Promise<Map<string, Float32Array>> {
    const variables = this.variables();
    const values = await readTogether(variables.map(([, variable]) => variable));
    return new Map(variables.map(([name], i) => [name, values[i]]));
  }

  /**
   * Writes values of every variable, in place.
   * @throws RangeError naming the first variable that is missing or of another size; nothing is written then
   */
  restore(values: StateValues): void {
    const variables = this.variables();
    for (const [name, variable] of variables) {
      const size = values.get(name)?.length;
      if (size !== variable.size) {
        throw new RangeError(`"${name}" takes ${variable.size} values, the snapshot has ${size ?? 'none'}.`);
      }
    }
    for (const [name, variable] of variables) overwrite(variable, values.get(name) ?? new Float32Array());
  }

  /** Values before any training: fresh adapter, pretrained head, no moments. */
  pretrainedValues(): Map<string, Float32Array> {
    const initial = initialLora(this.model.config, this.lora.rank, this.lora.seed);
    const values = new Map<string, Float32Array>();
    for (const { name, value } of this.all()) {
      values.set(name, initial.get(name) ?? pretrained(this.model, name).values);
      values.set(`optimizer.first.${name}`, new Float32Array(value.size));
      values.set(`optimizer.second.${name}`, new Float32Array(value.size));
    }
    return values;
  }

  /** Shape of a variable by its name in `values`. */
  shapeOf(name: string): number[] {
    const found = this.variables().find(([candidate]) => candidate === name);
    if (found === undefined) throw new RangeError(`There is no trained parameter "${name}".`);
    return found[1].shape;
  }

  private all(): Trainable[] {
    return [...this.trainables.generator, ...this.trainables['physical-head']];
  }

  private variables(): [string, Variable][] {
    return this.all().flatMap(({ name, value, firstMoment, secondMoment }): [string, Variable][] =>
      [[name, value], [`optimizer.first.${name}`, firstMoment], [`optimizer.second.${name}`, secondMoment]]);
  }

  dispose(): void {
    this.variables().forEach(([, variable]) => variable.dispose());
  }
}

function trainable(name: string, values: Float32Array, shape: readonly number[]): Trainable {
  // Copies: a variable may share the buffer of the tensor that it is made from.
  const make = (from: Float32Array) => tf.tidy(() =>
    tf.variable(tf.tensor(Float32Array.from(from), [...shape], 'float32')));
  const zeros = new Float32Array(values.length);
  return { name, value: make(values), firstMoment: make(zeros), secondMoment: make(zeros) };
}

function pretrained(model: Model, name: string): { shape: readonly number[]; values: Float32Array } {
  const found = model.file.parameters.get(name);
  if (found === undefined) throw new RangeError(`The model has no parameter "${name}".`);
  return found;
}
