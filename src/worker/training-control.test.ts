// Training's state machine: what the page is told, and only when it changes.
import { expect, test } from 'vitest';
import type { EventOf } from '../protocol/messages.ts';
import { TrainingControl } from './training-control.ts';

function control(): { machine: TrainingControl; told: string[] } {
  const told: string[] = [];
  const machine = new TrainingControl(({ state, reason, usableVotes }: EventOf<'training.state'>) =>
    told.push(`${state} ${reason ?? '-'} ${usableVotes}`));
  return { machine, told };
}

test('without votes training waits for them, then warms up, runs and rests', () => {
  const { machine, told } = control();
  machine.setUsable(0);
  machine.take(2);
  expect(machine.due).toBe(false);
  machine.setUsable(1);
  expect(machine.due).toBe(true);
  expect(machine.stepped()).toBe(false);
  expect(machine.stepped()).toBe(true);
  expect(machine.due).toBe(false);
  expect(told).toEqual([
    'idle no-votes 0', 'paused no-votes 0', 'warming-up - 1', 'running - 1', 'paused steps-taken 1',
  ]);
});

test('it says why it waits, and nothing twice', () => {
  const { machine, told } = control();
  machine.setUsable(3);
  machine.start();
  machine.stepped();
  machine.setBusy('generating');
  machine.setBusy('generating');
  machine.setBusy(null);
  machine.setBusy('device-lost');
  machine.cool();
  machine.setBusy(null);
  machine.pause('visitor');
  machine.pause('visitor');
  machine.start();
  machine.pause('alarm');
  expect(told).toEqual([
    'idle visitor 3', 'warming-up - 3', 'running - 3', 'paused generating 3', 'running - 3',
    'paused device-lost 3', 'warming-up - 3', 'paused visitor 3', 'warming-up - 3', 'paused alarm 3',
  ]);
});

test('a pause under a step leaves nothing owed to the next request', () => {
  const { machine, told } = control();
  machine.setUsable(1);
  machine.take(5);
  machine.pause('visitor');
  expect(machine.stepped()).toBe(true);
  machine.take(1);
  expect(machine.due).toBe(true);
  expect(machine.stepped()).toBe(true);
  expect(told.slice(2)).toEqual(['paused visitor 1', 'running - 1', 'paused steps-taken 1']);
});
