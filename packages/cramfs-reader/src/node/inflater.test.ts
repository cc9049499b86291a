import { deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { startInflater } from './inflater.js';

const { createInflate } = await vi.hoisted(async () => {
  const zlib = await import('node:zlib');
  return { createInflate: vi.fn<() => unknown>(zlib.createInflate) };
});
vi.mock('node:zlib', async (original) => ({ ...(await original()), createInflate }));

/** The result, or undefined for an error. */
function attempt(inflate: () => Uint8Array): Uint8Array | undefined {
  try {
    return inflate();
  } catch {
    return undefined;
  }
}

test('this Node.js has what it takes', () => {
  expect(startInflater()).toBeTypeOf('function');
});

test('takes and refuses what inflateSync() does, whatever came before', () => {
  const inflate = startInflater()!;
  const damage = fc.record({ at: fc.nat(), value: fc.nat(255) });
  const stream = fc.record({
    content: fc.uint8Array({ max: 7, maxLength: 9000 }),
    level: fc.nat(9),
    cut: fc.option(fc.nat(20)),
    damages: fc.array(damage, { maxLength: 2 }),
    spare: fc.integer({ min: -2, max: 2 }),
  });
  fc.assert(
    fc.property(stream, ({ content, level, cut, damages, spare }) => {
      const data = deflateSync(content, { level });
      for (const { at, value } of damages) data[at % data.length] = value;
      const input = data.subarray(0, data.length - (cut ?? 0));
      const maxLength = Math.max(1, content.length + spare);
      const expected = attempt(() => inflateSync(input, { maxOutputLength: maxLength }));
      const got = attempt(() => inflate(input, maxLength));
      expect(got === undefined).toBe(expected === undefined);
      expect(Buffer.compare(got ?? Buffer.of(), expected ?? Buffer.of())).toBe(0);
    }),
    { numRuns: 2000 },
  );
});

describe('is not used where it does not work:', () => {
  const working = () => createInflate.getMockImplementation()!() as { _handle: object };
  test.each([
    ['no handle', () => ({})],
    ['no such function', () => ({ _handle: { reset: () => undefined }, _writeState: [0, 0] })],
    ['no result', () => ({ _handle: working()._handle, _writeState: [] })],
    ['another result', () => ({ _handle: working()._handle, _writeState: [1, 0] })],
  ])('%s', (_, engine) => {
    createInflate.mockImplementationOnce(engine);
    expect(startInflater()).toBeUndefined();
  });
});
