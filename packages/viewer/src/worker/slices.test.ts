import { openImage } from 'cramfs-reader';
import { expect, test } from 'vitest';
import { buildRawImage, file } from '../../../../test/helpers/raw-image.js';
import { answerCompare } from './compare.js';
import { messagesFirst } from './pause.js';
import { inSlices } from './slices.js';
import { ViewedImage, Workspace } from './workspace.js';

/** Steps that never end by themselves. */
function* endless(taken: { steps: number }): Generator<undefined, never> {
  for (;;) {
    taken.steps += 1;
    yield;
  }
}

test('others have their turn between slices, and a work that is cancelled takes no further step', async () => {
  const taken = { steps: 0 };
  const ended = new AbortController();
  const work = inSlices(endless(taken), ended.signal);
  await messagesFirst();
  await messagesFirst();
  expect(taken.steps).toBeGreaterThan(0);
  ended.abort();
  await expect(work).rejects.toThrow('aborted');
  const { steps } = taken;
  await messagesFirst();
  expect(taken.steps).toBe(steps);
});

test('what a work throws is thrown', async () => {
  const steps = (function* (): Generator<undefined, void> {
    yield;
    throw new Error('a step');
  })();
  await expect(inSlices(steps)).rejects.toThrow('a step');
});

test('a comparison that was cancelled is made when it is asked for again, and then remembered', async () => {
  const workspace = new Workspace();
  for (const content of ['one', 'two']) {
    const { bytes } = buildRawImage({ a: file(content), b: file('same') });
    workspace.images.push(new ViewedImage(content, openImage(bytes)));
  }
  const parameters = { before: 0, after: 1, kernel: { mmu: true, physAddr: 0x2200_0000 } };
  const cancelled = AbortSignal.abort();
  await expect(answerCompare(workspace, parameters, cancelled)).rejects.toThrow('aborted');
  const comparison = await answerCompare(workspace, parameters);
  expect(comparison.differences.map(({ text, what }) => [text, what])).toEqual([
    ['/a', ['content']],
  ]);
  expect(await answerCompare(workspace, parameters)).toBe(comparison);
});
