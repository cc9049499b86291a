import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { zlib } from 'libdeflate';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ZlibCompressor } from '../codec.js';
import { embeddedWasm, loadLibdeflate } from './libdeflate.js';
import { widenStores } from './widen-stores.js';

const moduleFile = join(
  dirname(createRequire(import.meta.url).resolve('libdeflate')),
  'dist/libdeflate.wasm.mjs',
);

let fast: ZlibCompressor;
beforeAll(async () => {
  fast = await loadLibdeflate();
});

const sameAs = (block: Uint8Array, level: number): void => {
  expect(Buffer.from(fast(block, level)).equals(zlib(block, level))).toBe(true);
};

describe('the same bytes as the function of the npm package', () => {
  test('at every level, whatever was compressed before', () => {
    const program = readFileSync(process.execPath).subarray(0, 64 * 4096);
    for (let at = 0; at < program.length; at += 4096) {
      for (let level = 1; level <= 12; level += 1) sameAs(program.subarray(at, at + 4096), level);
    }
  });

  test('for any block, sizes up and down', () => {
    const block = fc.oneof(
      fc.uint8Array({ maxLength: 70_000 }),
      fc.uint8Array({ maxLength: 70_000, max: 3 }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(200))
        .map(([part, times]) => Buffer.concat(Array.from({ length: times + 1 }, () => part))),
    );
    fc.assert(fc.property(block, fc.integer({ min: 1, max: 12 }), sameAs), { numRuns: 300 });
  });

  test('for larger blocks than any image has', () => {
    sameAs(
      new Uint8Array(20 * 2 ** 20).map((_, at) => at * at),
      6,
    );
  });
});

describe('widenStores', () => {
  test('changes the five loops of the module that empty tables, and nothing else', () => {
    const wasm = embeddedWasm(moduleFile);
    const wider = widenStores(wasm);
    expect(WebAssembly.validate(wider)).toBe(true);
    expect(wider.length).toBe(wasm.length);
    const changed: number[] = [];
    wider.forEach((value, at) => {
      const near = changed.at(-1) ?? -Infinity;
      if (value !== wasm[at] && at - near > 200) changed.push(at);
    });
    expect(changed).toHaveLength(5);
    expect(widenStores(wider)).toEqual(wider);
  });

  test('leaves other modules alone', () => {
    const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    expect(widenStores(empty)).toEqual(empty);
  });
});
