import { openImage } from 'cramfs-reader';
import { describe, expect, test } from 'vitest';
import { kernelImage } from '../../../../../test/helpers/kernel-images.js';
import { buildRawImage, directory, file, symlink } from '../../../../../test/helpers/raw-image.js';
import { explainedProgram, type ProgramRequest } from './explain.js';
import { programsIn } from './list.js';

const image = openImage(kernelImage('basic'));
const REQUEST: ProgramRequest = {
  kernel: { mmu: true, physAddr: 0x22000000 },
  path: '/bin/xpie-gap',
  args: [],
  arch: undefined,
  policy: 'linux-6.12',
  loader: 'auto',
  libraryPath: '',
};

describe('a program', () => {
  test('its areas with the backing of each page, its costs, and why not all is in place', () => {
    const explained = explainedProgram(image, REQUEST);
    expect(explained).toMatchObject({
      pageSize: 4096,
      arch: 'riscv64',
      recorded: true,
      problems: [],
      command: 'cramfs exec IMAGE /bin/xpie-gap',
      total: { romPages: 1, atStart: { private: 2, cache: 3 }, atMost: { private: 16, cache: 8 } },
    });
    const text = explained.areas.find(
      ({ name, permissions }) => name === '/bin/xpie-gap' && permissions === 'r-xp',
    )!;
    expect(text).toMatchObject({ object: 0 });
    expect(text.runs.reduce((sum, { pages }) => sum + pages, 0)).toBe(
      (text.end - text.start) / 4096,
    );
    expect(text.runs[0]).toEqual({ backing: 'rom', pages: 1 });
    const zeros = explained.areas.find(({ name, object }) => name === '' && object === 0);
    expect(zeros).toMatchObject({ permissions: 'rw-p' });
    expect(explained.areas.at(-1)).toMatchObject({ name: '[stack]', object: undefined });
    expect(explained.objects).toMatchObject([
      {
        path: '/bin/xpie-gap',
        role: 'program',
        segments: [{ romPages: 1, reason: 'block 1 does not follow the block before it' }, {}],
      },
    ]);
  });

  test('without an MMU; with arguments and options, which the command line has as well', () => {
    const explained = explainedProgram(image, {
      ...REQUEST,
      kernel: { mmu: false, physAddr: 0x30000000 },
      args: ["it's", '-v'],
      arch: 'riscv64',
      loader: 'musl',
      libraryPath: '/lib:/a b',
    });
    expect(explained.command).toBe(
      "cramfs exec IMAGE --nommu --phys 0x30000000 --arch riscv64 --loader musl --library-path '/lib:/a b' " +
        "/bin/xpie-gap 'it'\\''s' -v",
    );
    expect(explained.total).toBeDefined();
  });

  test('one that cannot be started says why', () => {
    expect(explainedProgram(image, { ...REQUEST, path: '/nowhere' })).toMatchObject({
      problems: ['ENOENT: /nowhere'],
      areas: [],
      total: undefined,
    });
    expect(explainedProgram(image, { ...REQUEST, arch: 'arm' }).problems[0]).toMatch(/^ENOEXEC/);
    expect(() => explainedProgram(image, { ...REQUEST, arch: 'armeb' })).not.toThrow();
  });
});

test('the programs of an image: links to them, scripts, what names do not say; nothing else', () => {
  const { bytes } = buildRawImage({
    bin: directory({
      'a\nb': file('#!/bin/sh\n', { mode: 0o755 }),
      data: file('#!/bin/sh\n', { mode: 0o644 }),
      junk: file('nothing', { mode: 0o755 }),
      link: symlink('a\nb'),
      loop: symlink('loop'),
    }),
  });
  const { programs, more } = programsIn(openImage(bytes));
  expect(more).toBe(0);
  expect(programs).toEqual([
    {
      path: '/bin/a\nb',
      text: '/bin/a\\x0ab',
      size: 10,
      format: 'script',
      arch: undefined,
      target: undefined,
    },
    {
      path: '/bin/link',
      text: '/bin/link',
      size: 10,
      format: 'script',
      arch: undefined,
      target: 'a\\x0ab',
    },
  ]);
  expect(programsIn(image).programs.find(({ path }) => path === '/bin/xpie-gap')).toMatchObject({
    format: 'ELF',
    arch: 'riscv64',
  });
});
