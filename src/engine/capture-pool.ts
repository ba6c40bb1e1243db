// The GPU buffers of one capture.
//
// Storage buffers are reused by exact size as soon as their tensor is gone: dispatches run in stream order,
// on capture and on every replay alike. Uniforms and uploads keep their buffers for the capture's life,
// since replays read them again and nothing writes them again.

/** Buffers that live until destroy(). */
export class CapturePool {
  /** Bytes of all buffers. */
  bytes = 0;
  private readonly device: GPUDevice;
  private readonly name: string;
  private readonly buffers = new Set<GPUBuffer>();
  private readonly constants = new Set<GPUBuffer>();
  private readonly free = new Map<string, GPUBuffer[]>();

  constructor(device: GPUDevice, name: string) {
    this.device = device;
    this.name = name;
  }

  /** A buffer of exactly this size; `mapped` for an upload. */
  acquire(size: number, usage: GPUBufferUsageFlags, mapped: boolean): GPUBuffer {
    const constant = mapped || (usage & GPUBufferUsage.UNIFORM) !== 0;
    const reused = constant ? undefined : this.free.get(`${size} ${usage}`)?.pop();
    if (reused) {
      return reused;
    }
    const buffer = this.device.createBuffer({ label: this.name, size, usage, mappedAtCreation: mapped });
    this.bytes += size;
    this.buffers.add(buffer);
    if (constant) {
      this.constants.add(buffer);
    }
    return buffer;
  }

  /** Makes a buffer free for a later tensor; uniforms and uploads stay as they are. */
  release(buffer: GPUBuffer): void {
    if (!this.buffers.has(buffer) || this.constants.has(buffer)) {
      return;
    }
    const key = `${buffer.size} ${buffer.usage}`;
    const list = this.free.get(key);
    if (list) {
      list.push(buffer);
    } else {
      this.free.set(key, [buffer]);
    }
  }

  /** Throws when the buffer holds a constant: a replay would find it overwritten. */
  refuseConstant(buffer: GPUBuffer, program: string): void {
    if (this.constants.has(buffer)) {
      throw new Error(
        `Capture '${this.name}': ${program} writes to a tensor that was uploaded inside the step. ` +
          'Make state before the capture.',
      );
    }
  }

  /** Destroys every buffer. Submitted work still finishes. */
  destroy(): void {
    this.buffers.forEach((buffer) => buffer.destroy());
    this.buffers.clear();
    this.constants.clear();
    this.free.clear();
    this.bytes = 0;
  }
}
