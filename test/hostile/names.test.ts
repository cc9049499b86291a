import { expect, test, describe } from 'vitest';
import { directory, file, symlink, type RawNode, type RawTree } from '../helpers/raw-image.js';
import { countedImage } from '../helpers/check-image.js';
import { exercise } from './ground.js';

/** Entries in their order, in a directory that is not said to be sorted. */
function image(tree: RawTree): Uint8Array {
  return countedImage(tree, { flags: 1 }).bytes;
}

function field(...bytes: number[]): Uint8Array {
  return Uint8Array.from(bytes);
}

const [NUL, SLASH, A, B] = [0, 0x2f, 0x61, 0x62];

describe('names that are not valid', () => {
  test.each([
    ['..', {}, 'name-dot'],
    ['.', {}, 'name-dot'],
    ['/', {}, 'name-slash'],
    ['a/b', {}, 'name-slash'],
    ['/etc', {}, 'name-slash'],
    ['../escaped', {}, 'name-slash'],
    ['../../../../../../../../tmp/escaped', {}, 'name-slash'],
    ['..\0x', {}, 'name-nul'],
    ['nul', { rawName: field(A, NUL, B, NUL) }, 'name-nul'],
    ['../\0', { rawName: field(0x2e, 0x2e, SLASH, NUL) }, 'name-slash'],
  ])('%j is left out, with what is below it', async (name, options, code) => {
    const around = (bad: RawNode): RawNode =>
      directory([
        ['0', file('before')],
        [name, bad],
        ['z', file('behind')],
      ]);
    const { walk, findings, problems, extracted, exits } = await exercise(
      image([
        ['d', around(directory({ escaped: file('escaped'), outside: file('x') }, options))],
        ['f', around(file('escaped', options))],
        ['l', around(symlink('../outside', options))],
      ]),
    );
    expect(walk).toBe('ok');
    expect(findings.filter((finding) => finding.startsWith(`${code} /`))).toHaveLength(3);
    expect(problems).toHaveLength(3);
    for (const problem of problems) expect(problem).toMatch(/^BAD_ENTRY \//);
    expect(extracted).toEqual(['d', 'd/0', 'd/z', 'f', 'f/0', 'f/z', 'l', 'l/0', 'l/z']);
    expect(exits).toMatchObject({ check: 4, fsck: 4, extract: 8, tar: 8, ls: 0 });
  });

  test.each([
    ['no name field', field()],
    ['a field of zeros', field(NUL, NUL, NUL, NUL)],
  ])('%s: what follows cannot be trusted', async (_, rawName) => {
    const { walk, findings, problems, extracted, exits } = await exercise(
      image([
        ['0', file('before')],
        ['x', file('nameless', { rawName })],
        ['z', file('behind')],
      ]),
    );
    expect(walk).toBe('BAD_ENTRY');
    expect(findings).toContain('name-empty /');
    expect(problems).toEqual(['BAD_ENTRY /']);
    expect(extracted).toEqual(['0']);
    expect(exits).toMatchObject({ check: 4, extract: 8, tar: 8, ls: 8, info: 8 });
  });

  test('harmless but strange names are extracted as they are', async () => {
    const names = [
      '...',
      '..a',
      '-rf',
      '~',
      '*',
      '$(id)',
      '\xff\xfe',
      ' ',
      'a\\b',
      '\x7f',
      '%2e%2e',
    ];
    const { problems, extracted, findings } = await exercise(
      image(names.map((name) => [name, file(name)] as const)),
    );
    expect(findings).toEqual([]);
    expect(problems).toEqual([]);
    expect(extracted).toHaveLength(names.length);
  });
});

describe('names that are there twice', () => {
  const first = file('first');
  const second = file('second, and longer');

  test('two files: the first one counts, as in Linux', async () => {
    const { findings, problems, extracted } = await exercise(
      image([
        ['a', first],
        ['a', second],
      ]),
    );
    expect(findings).toEqual(['name-duplicate /a']);
    expect(problems).toEqual(['BAD_ENTRY /a']);
    expect(extracted).toEqual(['a']);
  });

  test('a file and a directory: nothing is merged', async () => {
    const below = directory({ below: second });
    expect(
      await exercise(
        image([
          ['a', first],
          ['a', below],
        ]),
      ),
    ).toMatchObject({ problems: ['BAD_ENTRY /a'], extracted: ['a'] });
    expect(
      await exercise(
        image([
          ['a', below],
          ['a', first],
        ]),
      ),
    ).toMatchObject({ problems: ['BAD_ENTRY /a'], extracted: ['a', 'a/below'] });
  });

  test('two directories are not one', async () => {
    const { problems, extracted, printed } = await exercise(
      image([
        ['a', directory({ one: first })],
        ['a', directory({ two: second })],
      ]),
    );
    expect(problems).toEqual(['BAD_ENTRY /a']);
    expect(extracted).toEqual(['a', 'a/one']);
    // A listing shows both, because it shows what the image holds.
    expect(printed).toMatch(/\bone\n/);
    expect(printed).toMatch(/\btwo\n/);
  });
});

describe('names that talk to a terminal', () => {
  const evil = '\x1b]0;owned\x07\x1b[2J\x9b31m\n\r\t\b\xe2\x80\xae\xc2\x85\xef\xbb\xbf';

  test('nothing that a command prints is anything but text', async () => {
    const { problems, extracted, printed } = await exercise(
      image([
        [evil, file('x', { blocks: [{ kind: 'C', pointer: 4 }] })],
        [`${evil}d`, directory({ [evil]: file('x'), [`${evil}l`]: symlink(evil) })],
        [`${evil}/`, file('bad')],
      ]),
    );
    expect(problems).toHaveLength(2);
    expect(extracted).toHaveLength(3);
    expect(printed).toContain('\\x1b]0;owned');
    expect(printed.replace(/\n/g, '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    // Each stays on one line, to its last byte.
    const lines = printed.split('\n').filter((line) => line.includes('owned'));
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(line).toContain('\\xc2\\x85\\xef\\xbb\\xbf');
  });
});
