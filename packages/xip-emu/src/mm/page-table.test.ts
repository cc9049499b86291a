import { expect, test } from 'vitest';
import { ENTRIES, PageTable, VPN_LIMIT } from './page-table.js';

const MIDDLE = ENTRIES * ENTRIES;

test('entries of all three levels, ascending, and none where nothing was set', () => {
  const table = new PageTable();
  const vpns = [VPN_LIMIT - 1, 0, MIDDLE, ENTRIES - 1, ENTRIES, MIDDLE - 1];
  for (const vpn of vpns) table.set(vpn, vpn + 1);
  expect([...table.entries()]).toEqual(
    [...vpns].sort((a, b) => a - b).map((vpn) => [vpn, vpn + 1]),
  );
  expect([1, ENTRIES + 1, 5 * MIDDLE].map((vpn) => table.get(vpn))).toEqual([0, 0, 0]);
  expect(table.leaves).toBe(5);
  expect(PageTable.leafEnd(ENTRIES)).toBe(2 * ENTRIES);
});

test('all 32 bits of an entry are kept', () => {
  const table = new PageTable();
  table.set(7, 0xffffffff);
  expect(table.get(7)).toBe(0xffffffff);
});

test('tables are freed where no area needs them: from floor to ceiling', () => {
  const table = new PageTable();
  for (let leaf = 0; leaf < 5; leaf += 1) table.set(leaf * ENTRIES, 1);
  // Areas end inside of table 1 and start inside of table 4: these stay.
  table.free(ENTRIES + 5, 4 * ENTRIES + 5, ENTRIES + 5, 4 * ENTRIES + 5);
  expect([...table.entries()].map(([vpn]) => vpn / ENTRIES)).toEqual([0, 1, 4]);
  expect(table.leaves).toBe(3);
  // The one that was used last is forgotten as well.
  table.set(4 * ENTRIES, 2);
  table.free(0, VPN_LIMIT, 0, VPN_LIMIT);
  expect(table.get(4 * ENTRIES)).toBe(0);
  expect(table.leaves).toBe(0);
  table.set(4 * ENTRIES + 1, 3);
  expect([table.get(4 * ENTRIES), table.get(4 * ENTRIES + 1)]).toEqual([0, 3]);
});
