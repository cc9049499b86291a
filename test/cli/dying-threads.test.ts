import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { noise } from '../helpers/trees.js';
import { Folder } from './folder.js';
import { launcher } from './run-cli.js';

/*
 * Threads that really die: a script that Node.js loads first, in every thread, gives them a heap of a few
 * megabytes and fills it, or ends them, when they are given the first thing to do.
 */
const DEATHS = {
  'its heap is full': [
    'const held = []; for (;;) held.push(new Array(1000).fill(0));',
    /out of memory: raise its limit .*--workers 1/,
  ],
  'it exits': ['process.exit(1);', /a thread has died, .*: use fewer \(--workers 1\)/],
} as const;

const folder = new Folder();
let source: string;
let image: string;
beforeEach(() => {
  source = folder.path('source');
  image = folder.path('out.img');
  mkdirSync(source);
  for (let index = 0; index < 4; index += 1) {
    writeFileSync(join(source, `f${index}`), noise(4_000_000, index));
  }
});

/**
 * Runs cramfs. V8 of Node.js 24 at times ends the process, with its own text, before it can end a thread
 * whose heap is full: then once more.
 */
function run(args: readonly string[], preloaded?: string) {
  for (let left = 10; ; left -= 1) {
    const { signal, ...result } = runOnce(args, preloaded);
    const isOfV8 = signal === 'SIGABRT' && result.stderr.includes('JavaScript heap out of memory');
    if (!isOfV8 || left === 0) return result;
  }
}

function runOnce(args: readonly string[], preloaded: string | undefined) {
  const options = preloaded === undefined ? {} : { NODE_OPTIONS: `--require ${preloaded}` };
  const ended = spawnSync(process.execPath, [launcher('cramfs'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...options },
  });
  const { status, signal, stdout, stderr } = ended;
  return { status, signal, stdout, stderr };
}

describe.each(Object.entries(DEATHS))('a thread dies because %s', (_, [death, message]) => {
  let preloaded: string;
  beforeEach(() => {
    const script = `
      const threads = require('worker_threads');
      threads.Worker = class extends threads.Worker {
        constructor(file, options) {
          super(file, { ...options, resourceLimits: { maxOldGenerationSizeMb: 16 } });
        }
      };
      const onTask = (message) => {
        if (message !== undefined && 'task' in message) { ${death} }
      };
      const { MessagePort, receiveMessageOnPort } = threads;
      const { on } = MessagePort.prototype;
      MessagePort.prototype.on = function (event, listener) {
        if (event !== 'message' || threads.isMainThread) return on.call(this, event, listener);
        return on.call(this, event, (message) => {
          onTask(message);
          listener(message);
        });
      };
      threads.receiveMessageOnPort = (port) => {
        const received = receiveMessageOnPort(port);
        onTask(received?.message);
        return received;
      };`;
    preloaded = folder.write('preloaded.cjs', script);
  });

  test('build: one line, and what was there stays', () => {
    writeFileSync(image, 'precious');
    const { status, stdout, stderr } = run(['build', source, image, '--workers', '2'], preloaded);
    expect([status, stdout]).toEqual([8, '']);
    expect(stderr).toMatch(/^cramfs: [^\n]*\n$/);
    expect(stderr).toMatch(message);
    expect(readFileSync(image, 'utf8')).toBe('precious');
    expect(readdirSync(folder.path()).sort()).toEqual(['out.img', 'preloaded.cjs', 'source']);
  });

  test('build with a cache: one line, and what was there stays', () => {
    const cache = folder.path('cache');
    const argv = ['build', source, image, '--cache', cache, '--workers', '2'];
    expect(run(argv).status).toBe(0);
    const packs = readdirSync(cache);
    writeFileSync(image, 'precious');
    const { status, stdout, stderr } = run(argv, preloaded);
    expect([status, stdout]).toEqual([8, '']);
    expect(stderr).toMatch(/^cramfs: [^\n]*\n$/);
    expect(stderr).toMatch(message);
    expect(readFileSync(image, 'utf8')).toBe('precious');
    expect(readdirSync(cache)).toEqual(packs);
  });

  test.each(['extract', 'check'])('%s: one line', (command) => {
    expect(run(['build', source, image]).status).toBe(0);
    const target = command === 'extract' ? ['-C', folder.path('target')] : [];
    const { status, stderr } = run([command, image, ...target, '--workers', '2'], preloaded);
    expect(status).toBe(8);
    expect(stderr).toMatch(/^cramfs: [^\n]*\n$/);
    expect(stderr).toMatch(message);
  });
});
