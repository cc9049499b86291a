import { openImage } from 'cramfs-reader';
import { expect, test } from 'vitest';
import { kernelImage } from '../../../../../test/helpers/kernel-images.js';
import type { ProgramRequest } from './explain.js';
import { ProgramExecution } from './run.js';

const image = openImage(kernelImage('basic'));
const REQUEST: ProgramRequest = {
  kernel: { mmu: true, physAddr: 0x22000000 },
  path: '/bin/xpie-gap',
  args: ['x'],
  arch: undefined,
  policy: 'linux-6.12',
  loader: 'auto',
  libraryPath: '',
};

test('a program runs to its end, and its pages light up', async () => {
  const execution = await ProgramExecution.start(image, REQUEST);
  execution.runTo(1);
  const first = execution.state();
  expect(first).toMatchObject({ executed: 1, end: undefined, output: '', processes: 1 });
  execution.runTo(100_000_000);
  const last = execution.state();
  execution.halt();
  expect(last.end).toBe('exit 7');
  expect(last.output).toContain('"op":"x-start","argc":2');
  expect(last.files).toMatchObject([{ text: '/bin/xpie-gap', used: 8, inRom: 1, pages: 8 }]);
  expect(last.files[0]!.runs[0]).toEqual({ kind: 'fetched', inRom: true, pages: 1 });
  expect(last.files[0]!.runs.reduce((sum, { pages }) => sum + pages, 0)).toBe(8);
});

test('in steps it comes to the same', async () => {
  const steps = await ProgramExecution.start(image, REQUEST);
  for (const to of [1, 2, 1000, 50_000, 60_000]) steps.runTo(to);
  const whole = await ProgramExecution.start(image, REQUEST);
  whole.runTo(60_000);
  expect(steps.state()).toEqual(whole.state());
  steps.halt();
  whole.halt();
});

test('a program that cannot be executed has a reason', async () => {
  const missing = await ProgramExecution.start(image, { ...REQUEST, path: '/nowhere' });
  missing.runTo(10);
  expect(missing.state().end).toMatch(/^ENOENT/);
  missing.halt();
  await expect(ProgramExecution.start(image, { ...REQUEST, arch: 'powerpc' })).rejects.toThrow(
    'programs for powerpc cannot be executed',
  );
});
