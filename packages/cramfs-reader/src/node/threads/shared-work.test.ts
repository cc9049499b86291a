import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { ImagePool } from './image-pool.js';
import type { Thread, ThreadUser } from './image-thread.js';
import type { ThreadTask, ToThread } from './messages.js';
import { sharedWord, takeItems, type Share } from './share.js';
import { SharedWork, type Work } from './shared-work.js';

interface Numbers extends Share {
  readonly first: number;
}

function numbers(first: number, items: number): Numbers {
  return { items, taken: sharedWord(), first };
}

/** Does what image-worker.ts does, on this thread, and marks what it did. */
class FakeThread implements Thread {
  released = false;
  private user: ThreadUser | undefined;
  private task: ThreadTask | undefined;
  private handled = Promise.resolve();

  use(user: ThreadUser): void {
    this.user = user;
  }

  release(): void {
    this.released = true;
  }

  say(message: ToThread): void {
    this.handled = this.handled.then(() => this.handle(message));
  }

  private async handle(message: ToThread): Promise<void> {
    if ('task' in message) this.task = message.task;
    else if ('ends' in message) this.user?.answer({ ended: true });
    else await this.doShare(message.share as Numbers, message.index);
  }

  private async doShare(share: Numbers, index: number): Promise<void> {
    const { name, settings, stopped } = this.task!;
    if (name === 'die') this.user?.died(new Error('worker exited'));
    for (const item of takeItems(share, stopped)) {
      await setTimeout(1);
      if (name === 'fail') this.user?.answer({ error: new Error(`no ${share.first + item}`) });
      else {
        const result = `${String(settings)} ${share.first + item}`;
        this.user?.answer({ index, item, result });
      }
    }
  }
}

function poolOf(threads: readonly Thread[]): ImagePool {
  return { threads, close: () => Promise.resolve() };
}

function work(name: string, more: Partial<Work<Numbers, string>> = {}): Work<Numbers, string> {
  return {
    name,
    settings: 'there',
    here: ({ first }, item) => `here ${first + item}`,
    done: () => true,
    ...more,
  };
}

const image = new Uint8Array(4);

describe('SharedWork', () => {
  test('does everything once, on all threads, and gives results in order', async () => {
    const threads = [new FakeThread(), new FakeThread()];
    const shared = new SharedWork(image, poolOf(threads), work('mark'));
    shared.add(numbers(0, 7));
    // The threads need not wait for this one.
    await setTimeout(10);
    shared.add(numbers(7, 0));
    shared.add(numbers(7, 43));
    const results = await shared.finish();
    expect(results.map((items) => items.length)).toEqual([7, 0, 43]);
    const all = results.flat().map((result) => result.split(' '));
    expect(all.map(([, number]) => Number(number))).toEqual([...Array(50).keys()]);
    expect(new Set(all.map(([where]) => where))).toEqual(new Set(['here', 'there']));
    expect(threads.every(({ released }) => released)).toBe(true);
  });

  test('works alone', async () => {
    const shared = new SharedWork(image, undefined, work('mark'));
    shared.add(numbers(0, 3));
    expect(await shared.finish()).toEqual([['here 0', 'here 1', 'here 2']]);
  });

  test('ends early', async () => {
    let results = 0;
    const done = (): boolean => (results += 1) < 8;
    const shared = new SharedWork(image, poolOf([new FakeThread()]), work('mark', { done }));
    shared.add(numbers(0, 1000));
    const [items = []] = await shared.finish();
    // One more may have been in progress on the other thread.
    expect([8, 9]).toContain(Object.keys(items).length);
  });

  test.each([
    ['fail', /^no \d+$/],
    ['die', /^worker exited$/],
  ])('passes on what went wrong: %s', async (name, message) => {
    const threads = [new FakeThread(), new FakeThread()];
    const shared = new SharedWork(image, poolOf(threads), work(name));
    shared.add(numbers(0, 1000));
    await expect(shared.finish()).rejects.toThrow(message);
    expect(threads.every(({ released }) => released)).toBe(true);
  });

  test('passes on what went wrong here, when all threads have ended', async () => {
    const threads = [new FakeThread()];
    const here = (): string => {
      throw new Error('not here');
    };
    const shared = new SharedWork(image, poolOf(threads), work('mark', { here }));
    shared.add(numbers(0, 1000));
    await expect(shared.finish()).rejects.toThrow('not here');
    expect(threads[0]!.released).toBe(true);
  });

  test('ends work that nobody finishes', async () => {
    const threads = [new FakeThread()];
    const shared = new SharedWork(image, poolOf(threads), work('mark'));
    shared.add(numbers(0, 1000));
    await shared.end();
    expect(threads[0]!.released).toBe(true);
  });
});
