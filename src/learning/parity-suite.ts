// The preference loss against the twin, on whatever backend is opened: errors, loss, margin and gradients of
// nano's adapters.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { interpolate } from '../kernels/interpolation/kernel.ts';
import { preferenceLoss, velocityErrors } from '../kernels/losses/kernel.ts';
import { relativeError } from '../model/fixture.ts';
import type { Fixture } from '../model/fixture.ts';
import { disposeModel } from '../model/generator.ts';
import type { Model } from '../model/generator.ts';
import type { Lora } from '../model/lora.ts';
import type { Opened } from '../model/parity-suite.ts';
import { domainTokens, timeFeatures, velocity } from '../model/video-transformer.ts';
import { preferenceMetrics } from './preference-loss.ts';

/** Defines the test on what `open` returns. */
export function testPreferenceParity(open: () => Promise<Opened>): void {
  let model: Model;
  let fixture: Fixture;
  beforeAll(async () => {
    ({ model, fixture } = await open());
  });
  afterAll(() => disposeModel(model));

  /** Errors [2] of the fixture's chosen or rejected clips. */
  function errors(which: 'chosen' | 'rejected', lora?: Lora): Tensor {
    const { timeWidth } = model.config.transformer;
    const times = [...fixture.values('dpo.t')];
    const data = fixture.tensor(`dpo.${which}`);
    const noise = fixture.tensor('dpo.noise');
    const predicted = velocity(model.config, model.weights, {
      noisy: interpolate(data, noise, tf.tensor2d(times, [2, 1])),
      imageLatent: fixture.tensor('dpo.image_latent'), physics: fixture.tensor('dpo.physics_tokens'),
      domain: domainTokens(model.weights, tf.tensor1d([1, 1], 'int32')),
      time: tf.tensor2d(timeFeatures(times, timeWidth), [2, timeWidth]), rotary: model.rotary, lora,
    });
    return velocityErrors(predicted, data, noise);
  }

  test('golden preference loss and gradients', async () => {
    const names = fixture.names('dpo.lora.').map((name) => name.slice('dpo.'.length));
    const variables = new Map(names.map((name): [string, Variable] =>
      [name, tf.variable(fixture.tensor(`dpo.${name}`))]));
    const lora: Lora = { weights: variables, scale: 1 };
    const beta = fixture.values('dpo.beta')[0];
    const kept: Tensor[] = [];
    const { value, grads } = tf.variableGrads(() => {
      const parts = {
        policyChosen: errors('chosen', lora), policyRejected: errors('rejected', lora),
        referenceChosen: errors('chosen'), referenceRejected: errors('rejected'),
      };
      kept.push(...Object.values(parts).map((part) => tf.keep(part)));
      return preferenceLoss(tf.concat([parts.policyChosen, parts.policyRejected]),
        tf.concat([parts.referenceChosen, parts.referenceRejected]), tf.tensor1d([beta / 2]));
    }, [...variables.values()]);
    const [policyChosen, policyRejected, referenceChosen, referenceRejected] =
      await Promise.all(kept.map((part) => part.data()));
    for (const [name, actual] of Object.entries({
      policy_chosen: policyChosen, policy_rejected: policyRejected, reference_chosen: referenceChosen,
      reference_rejected: referenceRejected,
    })) {
      const error = relativeError(actual, fixture.values(`dpo.${name}`));
      console.log(`${name}: relative error ${error.toExponential(2)}`);
      expect(error).toBeLessThan(1e-4);
    }
    const pairs = [0, 1].map((i) => ({
      policyChosen: policyChosen[i], policyRejected: policyRejected[i],
      referenceChosen: referenceChosen[i], referenceRejected: referenceRejected[i],
    }));
    const expected = fixture.values('dpo.loss')[0];
    expect(Math.abs(preferenceMetrics(pairs, beta).loss - expected)).toBeLessThan(1e-3 * Math.max(1, expected));
    expect(Math.abs((await value.data())[0] - expected)).toBeLessThan(1e-3 * Math.max(1, expected));
    for (const name of fixture.names('dpo.gradient.')) {
      const variable = variables.get(name.replace('dpo.gradient.', 'lora.'));
      const gradient = await grads[variable?.name ?? ''].data();
      const error = relativeError(gradient, fixture.values(name));
      console.log(`${name}: relative error ${error.toExponential(2)}`);
      expect(error).toBeLessThan(5e-3);
    }
  }, 600_000);
}
