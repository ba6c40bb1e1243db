/**
 * A model's weights: from the folder that holds `model.json` and `model.safetensors` to tensors by name.
 *
 * Reading checks every name and shape against the configuration (parameters.ts) before anything is uploaded,
 * and refuses by name what is missing, of another shape, truncated or not the file that model.json names.
 * f16 storage becomes f32 values; a GPU gets the matrices as they are stored. The values stay on the CPU as well: a lost
 * device gets its weights back from there.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { halvesTensor, prefersHalves } from '../kernels/linear/halves.ts';
import { ConfigError, parseConfig } from './config.ts';
import type { ModelConfig } from './config.ts';
import { parameterShapes } from './parameters.ts';
import { floatsFromHalves } from './half.ts';
import { parse, SafetensorsError } from './safetensors.ts';
import type { Safetensors, StoredTensor } from './safetensors.ts';

/** Values by parameter name; `halves`: the same as they lie in the file, where that is f16. */
export type NamedValues = ReadonlyMap<string,
  { readonly shape: readonly number[]; readonly values: Float32Array; readonly halves?: Uint16Array }>;

/** A model as read from its folder. */
export interface ModelFile {
  readonly config: ModelConfig;
  /** model.json as it stands: seeds, steps, losses, metrics. */
  readonly description: Readonly<Record<string, unknown>>;
  readonly parameters: NamedValues;
  /** SHA-256 of model.safetensors, in hexadecimal. */
  readonly hash: string;
  /** Length of model.safetensors in bytes. */
  readonly bytes: number;
}

export type WeightsErrorCode =
  'weights-missing' | 'weights-truncated' | 'weights-shape' | 'weights-invalid' | 'weights-damaged';

/** Weights that cannot be used; the message is a sentence that names what is wrong. */
export class WeightsError extends Error {
  override readonly name = 'WeightsError';
  readonly code: WeightsErrorCode;

  constructor(code: WeightsErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Bytes received and expected of model.safetensors; `total` is 0 while unknown. */
export type LoadProgress = (loaded: number, total: number) => void;

async function request(url: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (cause) {
    throw new WeightsError('weights-missing', `${url} could not be fetched: ${String(cause)}.`);
  }
  // A server that answers every address with its page has no such file either.
  const isPage = (response.headers.get('content-type') ?? '').startsWith('text/html');
  if (!response.ok || isPage) {
    const said = isPage ? 'a web page instead of the file' : `status ${response.status}`;
    throw new WeightsError('weights-missing', `${url} is not there: the server answered with ${said}.`);
  }
  return response;
}

async function readBody(
  url: string, response: Response, progress: LoadProgress = () => {},
): Promise<Uint8Array> {
  const total = Number(response.headers.get('content-length') ?? 0);
  const compressed = response.headers.has('content-encoding');
  if (response.body === null) throw new WeightsError('weights-missing', `${url} is empty.`);
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      chunks.push(next.value);
      loaded += next.value.length;
      progress(loaded, compressed ? 0 : total);
    }
  } catch (cause) {
    throw new WeightsError('weights-truncated',
      `${url} ended after ${loaded} bytes: the connection broke (${String(cause)}).`);
  }
  if (!compressed && total > 0 && loaded !== total) {
    throw new WeightsError('weights-truncated', `${url} ended after ${loaded} of ${total} bytes.`);
  }
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * Fetches and checks the model of a folder (`url` ends with a slash).
 * @throws WeightsError
 */
export async function fetchModel(url: string, progress: LoadProgress = () => {}): Promise<ModelFile> {
  const descriptionUrl = `${url}model.json`;
  const description = new TextDecoder().decode(await readBody(descriptionUrl, await request(descriptionUrl)));
  const weightsUrl = `${url}model.safetensors`;
  const bytes = await readBody(weightsUrl, await request(weightsUrl), progress);
  return readModel(description, bytes);
}

/**
 * Reads and checks a model from the text of model.json and the bytes of model.safetensors.
 * @throws WeightsError
 */
export async function readModel(description: string, bytes: Uint8Array): Promise<ModelFile> {
  const json = parseDescription(description);
  const config = configOf(json);
  const parameters = readParameters(config, bytes);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes)));
  const hash = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  // Last, because what was read above can say more of what is wrong.
  const stated = json['sha256'];
  if (stated !== undefined && stated !== hash) {
    const [ours, named] = [hash, String(stated)].map((whole) => whole.slice(0, 16));
    throw new WeightsError('weights-damaged',
      `The weights are not the file that model.json names: their SHA-256 begins with ${ours}, not ${named}.`);
  }
  return { config, description: json, parameters, hash, bytes: bytes.length };
}

function parseDescription(text: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new WeightsError('weights-invalid', 'The model\'s description, model.json, is not JSON.');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new WeightsError('weights-invalid', 'The model\'s description, model.json, is not an object.');
  }
  return { ...json };
}

function configOf(description: Record<string, unknown>): ModelConfig {
  try {
    return parseConfig(description['config']);
  } catch (error) {
    if (error instanceof ConfigError) throw new WeightsError('weights-invalid', error.message);
    throw error;
  }
}

/**
 * Reads every parameter of a configuration from safetensors bytes, as f32.
 * @throws WeightsError naming the first parameter that is missing, of another shape or not a number
 */
export function readParameters(config: ModelConfig, bytes: Uint8Array): NamedValues {
  const file = openFile(bytes);
  const parameters = new Map<string, { shape: readonly number[]; values: Float32Array; halves?: Uint16Array }>();
  for (const [name, shape] of parameterShapes(config)) {
    const entry = file.tensors.get(name);
    if (entry === undefined) {
      throw new WeightsError('weights-shape', `The weights lack the parameter "${name}".`);
    }
    if (entry.shape.length !== shape.length || entry.shape.some((length, i) => length !== shape[i])) {
      throw new WeightsError('weights-shape',
        `The parameter "${name}" has shape [${entry.shape}], the model needs [${shape}].`);
    }
    const values = floatsOf(entry);
    if (values === null) {
      throw new WeightsError('weights-invalid', `The parameter "${name}" holds no floating-point numbers.`);
    }
    if (!values.every(Number.isFinite)) {
      throw new WeightsError('weights-invalid', `The parameter "${name}" holds a value that is no number.`);
    }
    parameters.set(name, { shape, values, ...(entry.data instanceof Uint16Array && { halves: entry.data }) });
  }
  return parameters;
}

/** Values of a stored tensor as f32; null unless it holds floating-point numbers. */
export function floatsOf(tensor: StoredTensor): Float32Array | null {
  if (tensor.data instanceof Uint16Array) return floatsFromHalves(tensor.data);
  return tensor.data instanceof Float32Array ? tensor.data : null;
}

function openFile(bytes: Uint8Array): Safetensors {
  try {
    return parse(bytes);
  } catch (error) {
    if (!(error instanceof SafetensorsError)) throw error;
    const ends = error.code === 'truncated' || error.code === 'bad-offsets';
    throw new WeightsError(ends ? 'weights-truncated' : 'weights-invalid',
      `The weights file cannot be read: ${error.message}`);
  }
}

/**
 * Uploads values as tensors of the active backend: matrices that the file holds in f16 as such where products prefer that,
 * but for the head's, which preference training puts others in the place of. The caller owns and disposes of them.
 */
export function tensorsFromValues(named: NamedValues): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, { shape, values, halves }] of named) {
    const stays = name.endsWith('.weight') && !name.startsWith('head.');
    const tensor = stays && halves !== undefined && prefersHalves(shape)
      ? halvesTensor(halves, shape[0], shape[1]) : tf.tensor(values, [...shape], 'float32');
    tensors.set(name, tensor);
  }
  return tensors;
}
