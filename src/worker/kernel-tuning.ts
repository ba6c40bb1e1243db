/**
 * Tuning the kernels to the adapter that is there, while nothing else is wanted.
 *
 * Each dispatch that has come up is measured in every way that it can run, one dispatch at a time, for a few seconds
 * a visit. Then the captured steps are dropped, so that the next ones are recorded with the faster kernels. What was
 * measured is remembered by adapter and browser. On the processor there is nothing to tune.
 */
import { adapterName } from '../engine/compute-device.ts';
import { measuredChoices, setMeasured, unmeasured, variants } from '../kernels/variants.ts';
import { tuneNext } from '../kernels/tuner.ts';
import type { Tuned } from '../kernels/tuner.ts';
import type { TuningMemory } from '../storage/tuning-memory.ts';
import type { Workbench } from './workbench.ts';

/** Milliseconds of measuring in a visit. */
const budget = 5000;

export class KernelTuning {
  private readonly bench: Workbench;
  private readonly memory: TuningMemory;
  private enabled: boolean;
  private readonly tuned: Tuned[] = [];
  private spent = 0;
  /** Something faster than what is captured was found. */
  private changed = false;

  constructor(bench: Workbench, memory: TuningMemory, enabled: boolean) {
    this.bench = bench;
    this.memory = memory;
    this.enabled = enabled;
  }

  private get device(): GPUDevice | null {
    return this.enabled ? this.bench.host.engine.backend?.device ?? null : null;
  }

  /** Measures no more in this visit. */
  stop(): void {
    this.enabled = false;
  }

  /** The adapter and the browser, which brings the shader compiler. */
  private get adapter(): string {
    return `${adapterName(this.bench.host.engine.adapterInfo)}, ${navigator.userAgent}`;
  }

  /** Puts to use what is remembered of this adapter, on a device that has just been made. */
  async recall(): Promise<void> {
    const { device } = this;
    if (device === null) return;
    for (const [key, name] of Object.entries(await this.memory.load(this.adapter))) {
      const variant = variants.find((known) => known === name);
      if (variant) setMeasured(device, key, variant);
    }
  }

  /** Whether there is something to measure, and time left for it. */
  get due(): boolean {
    return this.device !== null && this.spent < budget && unmeasured(this.device).length > 0;
  }

  /** Measures one dispatch; after the last one puts what was found to use. Rejects when the device is lost. */
  async next(): Promise<void> {
    const { device } = this;
    if (device === null) return;
    const started = performance.now();
    const tuned = await tuneNext(device);
    this.spent += performance.now() - started;
    if (tuned) {
      this.tuned.push(tuned);
      this.changed ||= tuned.variant !== tuned.before;
    }
    if (this.due) return;
    await this.memory.save(this.adapter, Object.fromEntries(measuredChoices(device)));
    if (this.changed) this.bench.host.dropCaptures();
    this.changed = false;
    this.bench.emit({
      kind: 'kernels.tuned', milliseconds: this.spent, left: unmeasured(device).length,
      kernels: this.tuned.map(({ key, variant, milliseconds }) => ({ key, variant, milliseconds })),
    });
  }
}
