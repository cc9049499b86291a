import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatProfile, parseProfile } from './json-form.js';
import { ProfileBuilder } from './profile-builder.js';
import type { Profile } from './profile.js';
import { unionProfiles } from './union-profiles.js';

const path = fc
  .array(fc.stringMatching(/^[^\0/\u0100-\uffff]{1,4}$/), { minLength: 1, maxLength: 3 })
  .map((parts) => `/${parts.join('/')}`);
const touch = fc.record({
  path: fc.oneof(path, fc.constantFrom('/bin/a', '/bin/b')),
  first: fc.nat(20),
  pages: fc.nat(6),
  count: fc.nat(3),
});
const profile: fc.Arbitrary<Profile> = fc
  .record({
    kind: fc.constantFrom('mapped', 'cached'),
    pageSize: fc.constantFrom(4096, 16384, 65536),
    faultAround: fc.option(fc.constantFrom(4096, 65536), { nil: undefined }),
    touches: fc.array(touch, { maxLength: 20 }),
    least: fc.array(fc.tuple(path, fc.nat(5)), { maxLength: 3 }),
  })
  .map(({ kind, pageSize, faultAround, touches, least }) => {
    const builder = new ProfileBuilder('x', 'json', kind);
    builder.pageSize = pageSize;
    builder.faultAround = faultAround;
    for (const each of touches) builder.touch(each.path, each);
    for (const [name, pages] of least) builder.atLeast(name, pages);
    return builder.build();
  });

/** By path and page of 4096 bytes: counts. */
function pagesOf(profiles: readonly Profile[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { files, pageSize } of profiles) {
    for (const [name, ranges] of files) {
      for (const { first, pages, count } of ranges) {
        const small = pageSize / 4096;
        for (let page = first * small; page < (first + pages) * small; page += 1) {
          const key = `${page} ${name}`;
          counts.set(key, (counts.get(key) ?? 0) + count);
        }
      }
    }
  }
  return counts;
}

test('a profile comes out of its JSON as it went in, whatever the bytes of its names are', () => {
  fc.assert(
    fc.property(profile, (given) => {
      expect(parseProfile(formatProfile(given), 'x')).toEqual(given);
    }),
  );
});

test('unions commute, associate and keep every count', () => {
  fc.assert(
    fc.property(profile, profile, profile, (a, b, c) => {
      const union = unionProfiles([a, b, c], 'mapped', 'x');
      expect(unionProfiles([c, a, b], 'mapped', 'x')).toEqual(union);
      const ab = unionProfiles([a, b], 'mapped', 'x');
      expect(pagesOf([unionProfiles([ab, c], 'mapped', 'x')])).toEqual(pagesOf([union]));
      expect(pagesOf([union])).toEqual(pagesOf([a, b, c].filter(({ kind }) => kind === 'mapped')));
    }),
  );
});

test('a line per file', () => {
  const builder = new ProfileBuilder('x', 'axfs', 'mapped');
  builder.touch('/bin/sh', { first: 0, pages: 2, count: 3 });
  builder.touch('/a\\b\xff', { first: 7, pages: 1 });
  builder.atLeast('/bin/sh', 9);
  expect(formatProfile(builder.build())).toBe(String.raw`{
  "format": "cramfs-profile",
  "version": 1,
  "kind": "mapped",
  "pageSize": 4096,
  "files": [
    {"path":"/a\\\\b\\xff","touched":[{"first":7,"pages":1,"count":1}]},
    {"path":"/bin/sh","touched":[{"first":0,"pages":2,"count":3}],"atLeast":9}
  ]
}
`);
});

const FORM = `{
  "format": "cramfs-profile",
  "version": 1,
  "kind": "mapped",
  "pageSize": 4096,
  "files": [
    { "path": "/bin/sh", "touched": [{ "first": 0, "pages": 2 }, { "first": 1, "pages": 1 }] },
    { "path": "/bin/sh", "touched": [{ "first": 0, "pages": 1, "count": 5 }] }
  ]
}
`;

test('counts of a path that is there twice add up; a count is 1 if it is not there', () => {
  expect([...parseProfile(FORM, '').files]).toEqual([
    [
      '/bin/sh',
      [
        { first: 0, pages: 1, count: 6 },
        { first: 1, pages: 1, count: 2 },
      ],
    ],
  ]);
});

test.each([
  [
    '"pages": 2',
    '"pages": 0',
    'line 7: files[0].touched[0].pages should be a whole number, 1 or more',
  ],
  ['"count": 5', '"count": 1.5', 'line 8: files[1].touched[0].count should be a whole number'],
  ['"count": 5', '"counts": 5', 'line 8: files[1].touched[0].counts is not a field of this'],
  ['"first": 1, ', '', 'line 7: files[0].touched[1] should have a field "first"'],
  [
    '"path": "/bin/sh"',
    '"path": "bin/sh"',
    'line 7: files[0].path should be a path with a slash first',
  ],
  ['"mapped"', '"both"', 'line 4: kind should be "mapped" or "cached"'],
  ['4096', '4095', 'line 5: pageSize should be a power of two'],
  ['"version": 1', '"version": 2', 'line 3: version is not known: this is 1'],
  ['cramfs-profile', 'other', 'line 2: format should be "cramfs-profile"'],
  ['"format": "cramfs-profile",', '', 'line 1: the document should have a field "format"'],
  ['{ "first": 1, "pages": 1 }', '7', 'line 7: files[0].touched[1] should be an object'],
  ['[{ "first": 0, "pages": 1, "count": 5 }]', '{}', 'line 8: files[1].touched should be a list'],
  ['  ]\n}\n', '  ]\n}}\n', 'line 10, column 2: not JSON: Unexpected token RBrace found'],
  ['4096,', '4096', 'line 6, column 3: not JSON'],
  ['  ]\n}\n', '', 'line 8: not JSON: cut off'],
  ['}\n  ]\n}\n', '}\n', 'line 8: not JSON: cut off'],
])('%s -> %s', (part, other, message) => {
  expect(() => parseProfile(FORM.replace(part, other), '')).toThrow(message);
});

test('any damage is an error with a line, or another profile', () => {
  fc.assert(
    fc.property(fc.nat(FORM.length - 1), fc.string({ maxLength: 2 }), (at, other) => {
      try {
        parseProfile(FORM.slice(0, at) + other + FORM.slice(at + 1), '');
      } catch (error) {
        expect(error).toMatchObject({ name: 'CramfsError', code: 'BAD_SOURCE' });
        expect(String(error)).toMatch(/line \d+/);
      }
    }),
  );
});
