import { expectTypeOf, test } from 'vitest';
import type { Address, Pfn, Pgoff, VmPgoff, Vpn } from './units.js';

test('one unit cannot be taken for another; the result of a calculation fits all', () => {
  expectTypeOf<Vpn>().not.toExtend<Address>();
  expectTypeOf<Vpn>().not.toExtend<Pgoff>();
  expectTypeOf<Pgoff>().not.toExtend<Pfn>();
  expectTypeOf<number>().toExtend<Vpn>();
  expectTypeOf<Address>().toExtend<number>();
  expectTypeOf<VmPgoff>().not.toExtend<Address>();
});
