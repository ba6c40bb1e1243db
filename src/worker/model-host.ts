/**
 * Device, model and trained state, made together and thrown away together.
 *
 * A lost device takes every tensor with it; everything here can be made again from what lies on the CPU: the
 * model's file and where the trainer stood. It sends no events and decides nothing.
 */
import { bytesOfCaptures } from '../engine/capture.ts';
import { adapterName } from '../engine/compute-device.ts';
import type { ComputeDevice } from '../engine/compute-device.ts';
import { PolicyState } from '../learning/policy-state.ts';
import { initialProgress } from '../learning/snapshots.ts';
import { Trainer } from '../learning/trainer.ts';
import type { Standing } from '../learning/trainer.ts';
import { ClipGenerator, createModel } from '../model/generator.ts';
import type { Model } from '../model/generator.ts';
import type { ModelFile } from '../model/weights.ts';

/** Milliseconds by which the browser tells of a lost device after the work that it broke has failed. */
const lossToldWithin = 500;

/** Of pair order, flow times and noise: a session's draws go on where its snapshot stopped. */
const trainingSeed = 1;

export class ModelHost {
  readonly engine: ComputeDevice;
  readonly model: Model;
  readonly state: PolicyState;
  readonly trainer: Trainer;
  /** Generates with the weights as trained so far. */
  readonly policy: ClipGenerator;
  /** Generates with the pretrained weights. */
  readonly reference: ClipGenerator;
  private deviceLost = false;

  /** Puts a model on a device, which the host owns from here on. */
  constructor(engine: ComputeDevice, file: ModelFile) {
    this.engine = engine;
    this.model = createModel(file);
    this.state = new PolicyState(this.model);
    this.trainer = new Trainer(
      this.state, initialProgress('generator', trainingSeed), this.state.pretrainedValues());
    this.policy = new ClipGenerator(this.model, this.state.policy);
    this.reference = new ClipGenerator(this.model);
    void engine.lost.then(() => {
      this.deviceLost = true;
    });
  }

  /** The same model on a new device, where training stood. */
  static async create(makeDevice: () => Promise<ComputeDevice>, file: ModelFile, standing: Standing): Promise<ModelHost> {
    const engine = await makeDevice();
    try {
      const host = new ModelHost(engine, file);
      host.trainer.takeOver(standing);
      return host;
    } catch (error) {
      engine.dispose();
      throw error;
    }
  }

  /** True once the device is lost, and every tensor with it. */
  get lost(): boolean {
    return this.deviceLost;
  }

  /** Whether the device is lost, for work that has failed: of that the browser may tell a moment later. */
  async lossTold(): Promise<boolean> {
    await Promise.race([this.engine.lost, new Promise((resolve) => setTimeout(resolve, lossToldWithin))]);
    return this.deviceLost;
  }

  /** Bytes of GPU buffers that captures hold; on the processor there are none to count. */
  get memoryBytes(): number | undefined {
    return this.engine.backend === null ? undefined : bytesOfCaptures(this.engine.backend);
  }

  /** The adapter as a person would name it. */
  get adapter(): string {
    return adapterName(this.engine.adapterInfo);
  }

  /** Drops all captured steps; the next call of each records it anew, with the kernels chosen by then. */
  dropCaptures(): void {
    this.policy.dispose();
    this.reference.dispose();
    this.trainer.dispose();
  }

  dispose(): void {
    this.engine.dispose();
  }
}
