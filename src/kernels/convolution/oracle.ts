// Causal 3D convolution, channels last, and its gradients in f64 by plain loops; 2D is T = 1, kT = 1.
//
// x [B, T, H, W, Cin], filter [kT, kH, kW, Cin, Cout], bias [Cout] -> y [B, T', H', W', Cout], where a size
// becomes ceil(size / stride). Output o reads input o stride - pad + k; pad is kT - 1 in time, so no frame sees
// a later one, and floor((k - 1) / 2) in space; outside is zero. No dilation, no groups.

/** Sizes of input, filter, stride and output, each [time, height, width]. */
export interface ConvolutionShape {
  batch: number;
  input: [number, number, number];
  kernel: [number, number, number];
  stride: [number, number, number];
  output: [number, number, number];
  padding: [number, number, number];
  channelsIn: number;
  channelsOut: number;
}

/** The shape of a convolution of x [B, T, H, W, Cin] with a filter [kT, kH, kW, Cin, Cout]. */
export function convolutionShape(
  x: readonly number[],
  filter: readonly number[],
  stride: readonly number[],
): ConvolutionShape {
  const along = (axis: number): number => Math.ceil(x[axis + 1] / stride[axis]);
  return {
    batch: x[0],
    input: [x[1], x[2], x[3]],
    kernel: [filter[0], filter[1], filter[2]],
    stride: [stride[0], stride[1], stride[2]],
    output: [along(0), along(1), along(2)],
    padding: [filter[0] - 1, Math.floor((filter[1] - 1) / 2), Math.floor((filter[2] - 1) / 2)],
    channelsIn: filter[3],
    channelsOut: filter[4],
  };
}

/** Calls `pair` for each tap of each output position: indices of position, input position and tap. */
function forEachPair(
  { batch, input, kernel, stride, output, padding }: ConvolutionShape,
  pair: (position: number, source: number, tap: number) => void,
): void {
  const [time, height, width] = input;
  const [outTime, outHeight, outWidth] = output;
  const [kernelTime, kernelHeight, kernelWidth] = kernel;
  for (let position = 0; position < batch * outTime * outHeight * outWidth; position++) {
    const w0 = (position % outWidth) * stride[2] - padding[2];
    const h0 = (Math.floor(position / outWidth) % outHeight) * stride[1] - padding[1];
    const t0 = (Math.floor(position / (outWidth * outHeight)) % outTime) * stride[0] - padding[0];
    const b = Math.floor(position / (outWidth * outHeight * outTime));
    for (let kt = 0; kt < kernelTime; kt++) {
      const t = t0 + kt;
      if (t < 0 || t >= time) continue;
      for (let kh = 0; kh < kernelHeight; kh++) {
        const h = h0 + kh;
        if (h < 0 || h >= height) continue;
        for (let kw = 0; kw < kernelWidth; kw++) {
          const w = w0 + kw;
          if (w < 0 || w >= width) continue;
          const source = ((b * time + t) * height + h) * width + w;
          pair(position, source, (kt * kernelHeight + kh) * kernelWidth + kw);
        }
      }
    }
  }
}

const volume = ([a, b, c]: readonly number[]): number => a * b * c;

/** y [B, T', H', W', Cout]. The bias may be left out. */
export function convolutionForward(
  x: ArrayLike<number>,
  filter: ArrayLike<number>,
  bias: ArrayLike<number> | null,
  shape: ConvolutionShape,
): Float64Array {
  const { batch, channelsIn, channelsOut, output } = shape;
  const input = new Float64Array(x);
  const weights = new Float64Array(filter);
  const y = new Float64Array(batch * volume(output) * channelsOut);
  for (let at = 0; bias && at < y.length; at += channelsOut) y.set(bias, at);
  forEachPair(shape, (position, source, tap) => {
    const to = position * channelsOut;
    for (let i = 0; i < channelsIn; i++) {
      const scale = input[source * channelsIn + i];
      const from = (tap * channelsIn + i) * channelsOut;
      for (let o = 0; o < channelsOut; o++) y[to + o] += scale * weights[from + o];
    }
  });
  return y;
}

/** Gradient to x, [B, T, H, W, Cin]. */
export function convolutionInputGradient(
  outputGradient: ArrayLike<number>,
  filter: ArrayLike<number>,
  shape: ConvolutionShape,
): Float64Array {
  const { batch, channelsIn, channelsOut, input } = shape;
  const dy = new Float64Array(outputGradient);
  const weights = new Float64Array(filter);
  const dx = new Float64Array(batch * volume(input) * channelsIn);
  forEachPair(shape, (position, source, tap) => {
    const at = position * channelsOut;
    for (let i = 0; i < channelsIn; i++) {
      const from = (tap * channelsIn + i) * channelsOut;
      let sum = 0;
      for (let o = 0; o < channelsOut; o++) sum += dy[at + o] * weights[from + o];
      dx[source * channelsIn + i] += sum;
    }
  });
  return dx;
}

/** Gradient to the filter, [kT, kH, kW, Cin, Cout]. */
export function convolutionFilterGradient(
  x: ArrayLike<number>,
  outputGradient: ArrayLike<number>,
  shape: ConvolutionShape,
): Float64Array {
  const { channelsIn, channelsOut, kernel } = shape;
  const input = new Float64Array(x);
  const dy = new Float64Array(outputGradient);
  const gradient = new Float64Array(volume(kernel) * channelsIn * channelsOut);
  forEachPair(shape, (position, source, tap) => {
    const at = position * channelsOut;
    for (let i = 0; i < channelsIn; i++) {
      const scale = input[source * channelsIn + i];
      const to = (tap * channelsIn + i) * channelsOut;
      for (let o = 0; o < channelsOut; o++) gradient[to + o] += scale * dy[at + o];
    }
  });
  return gradient;
}
