// A command encoder that reports every compute dispatch while it records it. WebGPU only; bridge.ts puts it
// in the place of tfjs's own encoder while a capture is open. Indirect dispatches are not reported.

/** What a dispatch has to do. */
export interface DispatchWork {
  /** The shader's name without its variant's constants, or `tfjs/` and the kind of tfjs's program. */
  kernel: string;
  /** Floating-point operations where they are counted (Program.operations), else 0. */
  operations: number;
  /** Of the tensors that it binds, each counted once: no kernel can move less. */
  bytes: number;
}

/** One dispatch as it was recorded: enough to issue it again. */
export interface RecordedDispatch {
  pipeline: GPUComputePipeline;
  bindGroup: GPUBindGroup;
  workgroups: readonly [number, number, number];
  work: DispatchWork;
}

/** What an open recording is told, and where its buffers come from. */
export interface Recorder {
  /** A buffer for a tensor, an upload (`mapped`) or uniforms that are made inside the recording. */
  acquire(size: number, usage: GPUBufferUsageFlags, mapped: boolean): GPUBuffer;
  /** Nothing refers to this buffer from acquire() any more. May come after the recording is closed. */
  release(buffer: GPUBuffer): void;
  /** Every dispatch, tfjs's and ours, in order. */
  dispatched(dispatch: RecordedDispatch): void;
  /** A dispatch by `name` writes this buffer. Throws to refuse. */
  writes(buffer: GPUBuffer, name: string): void;
}

// tfjs opens passes without timestamps here: the bridge refuses time() inside a recording.
function recordingPass(
  pass: GPUComputePassEncoder, recorder: Recorder, work: () => DispatchWork,
): GPUComputePassEncoder {
  let pipeline: GPUComputePipeline;
  let bindGroup: GPUBindGroup;
  const recorded = {
    setPipeline(next: GPUComputePipeline) {
      pipeline = next;
      pass.setPipeline(next);
    },
    setBindGroup(index: number, next: GPUBindGroup) {
      bindGroup = next;
      pass.setBindGroup(index, next);
    },
    dispatchWorkgroups(x: number, y = 1, z = 1) {
      recorder.dispatched({ pipeline, bindGroup, workgroups: [x, y, z], work: work() });
      pass.dispatchWorkgroups(x, y, z);
    },
  };
  return overlay(pass, recorded);
}

// The native object with some methods replaced; native methods insist on their own receiver.
function overlay<Native extends object>(native: Native, replaced: object): Native {
  return new Proxy(native, {
    get(target, name) {
      const value: unknown = Reflect.get(replaced, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** The same encoder; dispatches of the compute passes it opens are told to `recorder` as well, with the present work. */
export function recordingEncoder(
  encoder: GPUCommandEncoder, recorder: Recorder, work: () => DispatchWork,
): GPUCommandEncoder {
  return overlay(encoder, {
    beginComputePass: () => recordingPass(encoder.beginComputePass(), recorder, work),
  });
}
