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

/** One trained parameter. */
export interface Trainable {
  readonly name: string;
  readonly value: Variable;
}

/** AdamW's first and second moments of all parameters of a stage, one after the other. */
export interface Moments {
  readonly first: Variable;
  readonly second: Variable;
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

const stages: readonly Stage[] = ['generator', 'physical-head'];

export class PolicyState {
  readonly model: Model;
  readonly lora: LoraSettings;
  readonly trainables: Readonly<Record<Stage, readonly Trainable[]>>;
  readonly moments: Readonly<Record<Stage, Moments>>;
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
    this.moments = { generator: noMoments(generator), 'physical-head': noMoments(head) };
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

  /** Values of what these stages train, read back from the GPU. */
  async values(of: Iterable<Stage> = stages): Promise<Map<string, Float32Array>> {
    const read = [...of];
    const copies = await readTogether(read.flatMap((stage) => this.variables(stage)));
    const values = new Map<string, Float32Array>();
    for (const stage of read) {
      const trained = this.trainables[stage];
      const [first, second] = copies.splice(trained.length, 2);
      let at = 0;
      for (const { name, value: { size } } of trained) {
        const [value] = copies.splice(0, 1);
        values.set(name, value);
        const [firstName, secondName] = momentNames(name);
        values.set(firstName, first.subarray(at, at + size));
        values.set(secondName, second.subarray(at, (at += size)));
      }
    }
    return values;
  }

  /**
   * Writes values of every variable, in place.
   * @throws RangeError naming the first variable that is missing or of another size; nothing is written then
   */
  restore(values: StateValues): void {
    const found = (name: string, wanted: number): Float32Array => {
      const value = values.get(name);
      if (value?.length !== wanted) {
        throw new RangeError(`"${name}" takes ${wanted} values, the snapshot has ${value?.length ?? 'none'}.`);
      }
      return value;
    };
    const joined = (stage: Stage, moment: 0 | 1): Float32Array => {
      const all = new Float32Array(this.moments[stage].first.size);
      let at = 0;
      for (const { name, value: { size } } of this.trainables[stage]) {
        all.set(found(momentNames(name)[moment], size), at);
        at += size;
      }
      return all;
    };
    const written = stages.flatMap((stage): [Variable, Float32Array][] => [
      ...this.trainables[stage].map(({ name, value }): [Variable, Float32Array] => [value, found(name, value.size)]),
      [this.moments[stage].first, joined(stage, 0)], [this.moments[stage].second, joined(stage, 1)],
    ]);
    for (const [variable, next] of written) overwrite(variable, next);
  }

  /** Values before any training: fresh adapter, pretrained head, no moments. */
  pretrainedValues(): Map<string, Float32Array> {
    const initial = initialLora(this.model.config, this.lora.rank, this.lora.seed);
    const values = new Map<string, Float32Array>();
    for (const { name, value } of this.all()) {
      values.set(name, initial.get(name) ?? pretrained(this.model, name).values);
      for (const moment of momentNames(name)) values.set(moment, new Float32Array(value.size));
    }
    return values;
  }

  /** Shape of a parameter by its name in `values`, or of the parameter that a moment there belongs to. */
  shapeOf(name: string): number[] {
    const found = this.all().find((trained) => [trained.name, ...momentNames(trained.name)].includes(name));
    if (found === undefined) throw new RangeError(`There is no trained parameter "${name}".`);
    return found.value.shape;
  }

  private all(): Trainable[] {
    return stages.flatMap((stage) => this.trainables[stage]);
  }

  private variables(stage: Stage): Variable[] {
    const { first, second } = this.moments[stage];
    return [...this.trainables[stage].map(({ value }) => value), first, second];
  }

  dispose(): void {
    stages.flatMap((stage) => this.variables(stage)).forEach((variable) => variable.dispose());
  }
}

/** Names of a parameter's moments in `values`. */
function momentNames(name: string): [string, string] {
  return [`optimizer.first.${name}`, `optimizer.second.${name}`];
}

function variable(values: Float32Array, shape: readonly number[]): Variable {
  // A copy: a variable may share the buffer of the tensor that it is made from.
  return tf.tidy(() => tf.variable(tf.tensor(Float32Array.from(values), [...shape], 'float32')));
}

function trainable(name: string, values: Float32Array, shape: readonly number[]): Trainable {
  return { name, value: variable(values, shape) };
}

function noMoments(trained: readonly Trainable[]): Moments {
  const total = trained.reduce((sum, { value }) => sum + value.size, 0);
  const zeros = () => variable(new Float32Array(total), [total]);
  return { first: zeros(), second: zeros() };
}

function pretrained(model: Model, name: string): { shape: readonly number[]; values: Float32Array } {
  const found = model.file.parameters.get(name);
  if (found === undefined) throw new RangeError(`The model has no parameter "${name}".`);
  return found;
}
