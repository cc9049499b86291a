import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePagemap } from './pagemap.js';

const MAPS = `00010000-00014000 r-xp 00000000 1f:02 81         /bin/a
00014000-00016000 rw-p 00004000 1f:02 81         /bin/a
00018000-0001a000 r--s 00003000 1f:02 82         /lib/b
7f000000-7f001000 rw-p 00000000 00:00 0          [stack]
`;
const PRESENT = 1n << 63n;
const SWAPPED = 1n << 62n;
const FILE = 1n << 61n;
const EXCLUSIVE = 1n << 56n;

/** Entries from address 0 on. @param given entries by page of the address space. */
function pagemap(given: Readonly<Record<number, bigint>>, littleEndian = true): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 * 0x20));
  for (const [page, entry] of Object.entries(given)) {
    view.setBigUint64(8 * Number(page), entry, littleEndian);
  }
  return new Uint8Array(view.buffer);
}

const ENTRIES = {
  0x10: PRESENT | FILE | 0x88123n,
  0x11: PRESENT | FILE | EXCLUSIVE | 0x88124n,
  0x12: SWAPPED | FILE,
  // A private copy.
  0x13: PRESENT | EXCLUSIVE | 0x88125n,
  0x14: PRESENT | FILE | 0x88126n,
  0x19: PRESENT | FILE | 0x7fn,
} as const;

test.each([['little', true] as const, ['big', false] as const])(
  'pages of files, without copies and what is writable: %s-endian',
  (_name, littleEndian) => {
    const profile = parsePagemap(pagemap(ENTRIES, littleEndian), MAPS, 'pagemap');
    expect(profile).toMatchObject({ format: 'pagemap', kind: 'mapped', pageSize: 4096 });
    expect([...profile.files]).toEqual([
      ['/bin/a', [{ first: 0, pages: 2, count: 1 }]],
      ['/lib/b', [{ first: 4, pages: 1, count: 1 }]],
    ]);
  },
);

test('without privileges there are no page frame numbers', () => {
  const entries = pagemap({ 0x11: PRESENT | FILE });
  expect([...parsePagemap(entries, MAPS, '').files.keys()]).toEqual(['/bin/a']);
});

test('a file that ends too early, and maps that are not of one process', () => {
  expect(() => parsePagemap(pagemap({}).subarray(0, 8 * 0x19), MAPS, '')).toThrow(
    'ends at address 0x19000, before the end of the mapping of /lib/b at 0x18000',
  );
  expect(() => parsePagemap(pagemap({}), MAPS + MAPS, '')).toThrow('line 5 of the maps');
});

test('any bytes give pages of the areas, or an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 256, maxLength: 256 }), (bytes) => {
      const { files } = parsePagemap(bytes, MAPS, '');
      for (const ranges of files.values()) {
        for (const { first, pages } of ranges) expect(first + pages).toBeLessThanOrEqual(5);
      }
    }),
  );
});
