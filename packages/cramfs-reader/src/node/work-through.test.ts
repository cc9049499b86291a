import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ImagePool } from './image-pool.js';
import { workThrough } from './work-through.js';

/** Takes less time for later batches, and marks what it did. */
function pool(workers: number): ImagePool {
  return {
    workers,
    run: async <Result>(name: string, _image: Uint8Array, task: unknown) => {
      await setTimeout(Math.max(0, 5 - Number(task)));
      if (name !== 'mark') throw new Error(`no ${name}`);
      return `there ${String(task)}` as Result;
    },
    close: () => Promise.resolve(),
  };
}

function* numbers(count: number): Generator<number, undefined> {
  for (let value = 0; value < count; value += 1) yield value;
}

const image = new Uint8Array(4);
const here = (batch: number): string => `here ${batch}`;
const always = (): boolean => true;

test('does everything once, on all threads, and gives results in order', async () => {
  const results = await workThrough(numbers(50), pool(2), image, {
    name: 'mark',
    here,
    done: always,
  });
  expect(results.map((result) => Number(result.split(' ')[1]))).toEqual([...numbers(50)]);
  expect(new Set(results.map((result) => result.split(' ')[0]))).toEqual(
    new Set(['here', 'there']),
  );
});

test('works alone', async () => {
  const results = await workThrough(numbers(3), undefined, image, {
    name: 'mark',
    here,
    done: always,
  });
  expect(results).toEqual(['here 0', 'here 1', 'here 2']);
});

test('ends early, and makes no more batches', async () => {
  let made = 0;
  function* counted(): Generator<number, undefined> {
    for (const value of numbers(1000)) {
      made += 1;
      yield value;
    }
  }
  const done = (batch: number): boolean => batch !== 7;
  await workThrough(counted(), pool(2), image, { name: 'mark', here, done });
  expect(made).toBeLessThan(100);
});

test('passes on what went wrong', async () => {
  const work = { name: 'other', here, done: always };
  await expect(workThrough(numbers(20), pool(1), image, work)).rejects.toThrow('no other');
});
