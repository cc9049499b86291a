import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PlanLine, XipPlan } from './plan.js';
import { formatPlan, parsePlan } from './text.js';

const name = fc
  .uint8Array({ minLength: 1, maxLength: 9 })
  .map((bytes) => String.fromCharCode(...bytes.filter((byte) => byte !== 0 && byte !== 47)))
  .map((text) => `/${text}x`);

const part = fc
  .record({
    flags: fc.constantFrom(4, 5, 1),
    first: fc.nat(4000),
    pages: fc.integer({ min: 1, max: 4000 }),
    portion: fc.nat(100),
    crc: fc.nat(0xffffffff),
  })
  .map(({ portion, ...rest }) => ({ ...rest, inPlace: Math.floor((rest.pages * portion) / 100) }));

const plans: fc.Arbitrary<XipPlan> = fc.record({
  mmu: fc.boolean(),
  pageSize: fc.constantFrom(4096, 16384, 65536),
  align: fc.option(fc.constantFrom(8, 4096), { nil: undefined }),
  lines: fc
    .uniqueArray(fc.tuple(name, fc.array(part, { minLength: 1, maxLength: 3 })), {
      selector: ([path]) => path,
    })
    .map((files) =>
      files.flatMap(([path, parts]) =>
        [...parts]
          .sort((a, b) => a.first - b.first)
          .map((each): PlanLine => ({ path, ...each, line: 0 })),
      ),
    ),
});

test('a plan that is written is read again, whatever the names', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const text = formatPlan(plan, ['one note', 'and another']);
      const lines = parsePlan(text).lines;
      expect({ ...parsePlan(text), lines: lines.map((line) => ({ ...line, line: 0 })) }).toEqual(
        plan,
      );
      const texts = text.split('\n');
      for (const { line, crc } of lines) {
        expect(texts[line - 1]).toContain(crc.toString(16).padStart(8, '0'));
      }
    }),
  );
});

const HEAD = 'cramfs-xip-plan 1\nkernel mmu\npage-size 4096\n';

test.each([
  ['', 'line 1: not a plan'],
  ['kernel mmu\n', 'line 1: '],
  ['cramfs-xip-plan 7\n', 'line 1: version 7 is not known'],
  ['cramfs-xip-plan 1\nkernel arm\n', 'line 2: kernel cannot be arm'],
  ['cramfs-xip-plan 1\nkernel mmu\nkernel mmu\n', 'line 3: kernel was given before'],
  ['cramfs-xip-plan 1\npage-size 4096\n', "'kernel mmu' or 'kernel nommu' is missing"],
  ['cramfs-xip-plan 1\nkernel mmu\npage-size 5000\n', 'line 3: page-size cannot be 5000'],
  ['cramfs-xip-plan 1\nkernel mmu\n', "'page-size 4096' is missing"],
  [`${HEAD}1/2 0 rx 00000000 /a\n`, 'line 4: not a part'],
  [`${HEAD}0/0 0 r-x 00000000 /a\n`, 'line 4: 0 of 0 pages'],
  [`${HEAD}1/99999999 0 r-x 00000000 /a\n`, 'line 4: 1 of 99999999 pages'],
  [`${HEAD}1/1 3 r-x 00000000 /a\n1/1 0 r-- 00000000 /a\n`, 'line 5: the parts of a file go'],
  [
    `${HEAD}1/1 0 r-x 00000000 /a\n1/1 0 r-- 00000000 /b\n1/1 4 r-x 00000000 /a\n`,
    'line 6: the lines of /a are not together',
  ],
])('%j is refused', (text, message) => {
  expect(() => parsePlan(text)).toThrow(message);
});
