import { expect, test } from 'vitest';
import { PageTable } from './page-table.js';

const ENTRIES = 512;
const MIDDLE = ENTRIES * ENTRIES;
/** The last page of 48 bits of addresses, in pages of 4 KiB. */
const LAST = 2 ** 36 - 1;

test('entries of all three levels, ascending, and none where nothing was set', () => {
  const table = new PageTable(ENTRIES);
  const vpns = [2 ** 26 - 1, LAST, 0, MIDDLE, ENTRIES - 1, ENTRIES, MIDDLE - 1];
  for (const vpn of vpns) table.set(vpn, (vpn % 2 ** 31) + 1);
  expect([...table.present()]).toEqual(
    [...vpns].sort((a, b) => a - b).map((vpn) => [vpn, (vpn % 2 ** 31) + 1]),
  );
  expect([1, ENTRIES + 1, 5 * MIDDLE].map((vpn) => table.get(vpn))).toEqual([0, 0, 0]);
  expect(table.leaves).toBe(6);
  expect(table.leafEnd(ENTRIES)).toBe(2 * ENTRIES);
  expect(table.leafEnd(LAST)).toBe(LAST + 1);
});

test('all 32 bits of an entry are kept', () => {
  const table = new PageTable(ENTRIES);
  table.set(7, 0xffffffff);
  expect(table.get(7)).toBe(0xffffffff);
});

test('tables are freed where no area needs them: from floor to ceiling', () => {
  const table = new PageTable(ENTRIES);
  for (let leaf = 0; leaf < 5; leaf += 1) table.set(leaf * ENTRIES, 1);
  // Areas end inside table 1 and start inside table 4: these tables stay.
  table.free(ENTRIES + 5, 4 * ENTRIES + 5, ENTRIES + 5, 4 * ENTRIES + 5);
  expect([...table.present()].map(([vpn]) => vpn / ENTRIES)).toEqual([0, 1, 4]);
  expect(table.leaves).toBe(3);
  // The table that was used last is forgotten, too.
  table.set(4 * ENTRIES, 2);
  table.free(0, LAST + 1, 0, LAST + 1);
  expect(table.get(4 * ENTRIES)).toBe(0);
  expect(table.leaves).toBe(0);
  table.set(4 * ENTRIES + 1, 3);
  expect([table.get(4 * ENTRIES), table.get(4 * ENTRIES + 1)]).toEqual([0, 3]);
});
