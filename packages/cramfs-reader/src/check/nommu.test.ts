import { describe, expect, test } from 'vitest';
import { check, countedImage, messageOf } from '../../../../test/helpers/check-image.js';
import { elfFile } from '../../../../test/helpers/elf-builder.js';
import { fdpicFile, flatFile } from '../../../../test/helpers/nommu-programs.js';
import { file, fixCrc, noise, text } from '../../../../test/helpers/raw-image.js';
import { checkImage } from '../check.js';

const PAGE = 4096;
const DIRECT = { kind: 'D' } as const;
const SEGMENT = { flags: 5, offset: 0, filesz: 800 };

describe('K22: pages in place twice', () => {
  const content = noise(3 * PAGE - 7);
  const sameAs = (index: number) => ({ kind: 'D', sameAs: ['/a', index] }) as const;

  test('of two inodes: one finding, however many pages', () => {
    const { bytes } = countedImage({
      a: file(content, { blocks: 'DDD' }),
      b: file(content, { mode: 0o700, blocks: [0, 1, 2].map(sameAs) }),
      c: file(content, { sameAs: '/a' }),
    });
    const { findings } = checkImage(bytes, { mmu: false });
    expect(findings.map(({ code, path }) => [code, path])).toEqual([['k22-same-address', '/b']]);
    expect(messageOf(findings, 'k22-same-address')).toMatch(
      /^without an MMU: 3 pages are .* \/a are/,
    );
  });

  test('of another length', () => {
    const page = content.subarray(0, PAGE);
    const { bytes } = countedImage({
      b: file(page.subarray(0, 100), { blocks: [DIRECT] }),
      c: file(page.subarray(0, 90), { blocks: [{ kind: 'D', sameAs: ['/b', 0] }] }),
    });
    const messages = checkImage(bytes, { mmu: false }).findings.flatMap(
      ({ code, path, message }) =>
        code === 'k22-same-address' ? [`${String(path)} ${message}`] : [],
    );
    expect(messages).toEqual([
      expect.stringMatching(/^\/c .*a page is in ROM where those of \/b are/),
    ]);
  });

  test('in one file', () => {
    const content = noise(PAGE + 100);
    const { bytes, placed } = countedImage({ a: file(content, { blocks: 'DD' }) });
    const table = placed.get('/a')!.offset;
    // Both pointers lead to the first page.
    bytes.copyWithin(table + 4, table, table + 4);
    fixCrc(bytes);
    const messages = checkImage(bytes, { mmu: false }).findings.map(({ message }) => message);
    expect(messages).toContainEqual(expect.stringMatching(/pages 0 and 1 are one place in ROM/));
  });

  test.each<[string, { program: Uint8Array; blocks: string }, defaultSeverity: string[]]>([
    ['no program', { program: text(PAGE), blocks: 'C' }, []],
    ['ordinary ELF', { program: elfFile(32, true, [SEGMENT], noise(900)), blocks: 'D' }, []],
    ['FDPIC', { program: fdpicFile([SEGMENT], noise(900)), blocks: 'D' }, ['warning']],
    ['FDPIC, compressed', { program: fdpicFile([SEGMENT], text(900)), blocks: 'C' }, []],
    ['bFLT', { program: flatFile(noise(900), text(PAGE)), blocks: 'DC' }, ['warning']],
    ['bFLT for RAM', { program: flatFile(noise(900), text(9), { flags: 1 }), blocks: 'D' }, []],
  ])('an image with %s in place: by default, without and with an MMU', (_, kind, severity) => {
    const { program, blocks } = kind;
    const { bytes } = countedImage({
      a: file(content, { blocks: 'DDD' }),
      b: file(content, { blocks: [0, 1, 2].map(sameAs) }),
      p: file(program, { mode: 0o755, blocks }),
    });
    const severities = (mmu?: boolean): string[] =>
      checkImage(bytes, { mmu }).findings.map((finding) => finding.severity);
    expect([severities(), severities(false), severities(true)]).toEqual([severity, ['error'], []]);
  });

  test('blocks that no kernel maps may be shared', () => {
    const { bytes } = countedImage({
      a: file(content, { blocks: 'ZZZ' }),
      b: file(content, {
        blocks: [0, 1, 2].map((index) => ({ kind: 'Z', sameAs: ['/a', index] }) as const),
      }),
    });
    expect(check(bytes)).toEqual([]);
  });
});

describe('programs in place', () => {
  const lld = [
    { flags: 4, offset: 0, filesz: 500 },
    { flags: 5, offset: 500, filesz: PAGE, vaddr: 0x10000 + 500 },
  ];
  const codes = (program: Uint8Array, blocks: string): string[] =>
    check(countedImage({ p: file(program, { mode: 0o755, blocks }) }).bytes).map(([code]) => code);

  test('K22: segments that start in one page, if they are direct', () => {
    const program = fdpicFile(lld, noise(2 * PAGE - 9));
    expect(codes(program, 'DD')).toEqual(['k22-same-address']);
    expect(codes(program, 'DC')).toEqual([]);
    expect(codes(fdpicFile([lld[1]!, lld[0]!], noise(2 * PAGE - 9)), 'DD')).toEqual([]);
  });

  test('K23: bytes that the loader clears or relocates in ROM', () => {
    const longer = fdpicFile([{ flags: 5, offset: 0, filesz: 2000, memsz: 3000 }], noise(3000));
    expect(codes(longer, 'D')).toEqual(['k23-rom-written']);
    expect(codes(longer, 'C')).toEqual([]);
    const flat = (relocation: number): Uint8Array =>
      flatFile(noise(PAGE), text(PAGE), { relocations: [relocation] });
    expect(codes(flat(16), 'DDC')).toEqual(['k23-rom-written']);
    expect(codes(flat(16), 'DCC')).toEqual([]);
    expect(codes(flat(PAGE), 'DDC')).toEqual([]);
  });
});

test('K1: a last page of zeros is read right', () => {
  const content = new Uint8Array(2 * PAGE).fill(7, 0, PAGE + 1);
  expect(check(countedImage({ a: file(content, { blocks: 'DD' }) }).bytes)).toEqual([
    expect.arrayContaining(['k1-tail-reads-zero']),
  ]);
  content.fill(0, PAGE);
  expect(check(countedImage({ a: file(content, { blocks: 'DD' }) }).bytes)).toEqual([]);
});
