import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openImage } from 'cramfs-reader';
import { MAP_PRIVATE, Machine, PROT_READ, PROT_WRITE, pagesIn } from 'xip-emu';
import { launcher } from '../cli/run-cli.js';

/*
 * The examples in the READMEs of the packages, run as they stand there: beside the sample tree, an image of
 * it and an image that a kernel has mounted.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const packages = readdirSync(join(ROOT, 'packages'));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'readme-'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  cpSync(join(ROOT, 'samples/rootfs'), join(folder, 'rootfs'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  execFileSync(process.execPath, [launcher('cramfs'), 'build', 'rootfs', 'rootfs.img', '--xip'], {
    cwd: folder,
    stdio: 'pipe',
  });
  const basic = readFileSync(join(ROOT, 'test/fixtures/kernel-images/basic.img.gz'));
  writeFileSync(join(folder, 'basic.img'), gunzipSync(basic));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test.each(packages)('%s: the example gives what its README says', (name) => {
  const readme = readFileSync(join(ROOT, 'packages', name, 'README.md'), 'utf8');
  const [, program, output] = /```js\n([^]*?)```\n\n```text\n([^]*?)```/.exec(readme) ?? [];
  expect(program, name).toBeDefined();
  expect(readme).toContain('**What it does not do:**');
  writeFileSync(join(folder, 'example.mjs'), program!);
  const said = execFileSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' });
  expect(said).toBe(output);
});

describe('the pictures in the README of xip-emu', () => {
  const readme = readFileSync(join(ROOT, 'packages/xip-emu/README.md'), 'utf8');
  const pictures = readme.match(/^AREA[^]*?(?=```)/gm)!;
  const PAGE = 4096;
  const ADDRESS = 0x22000000;
  const DRAWN = { rom: /^ROM/, 'page-cache': /^RAM$/, anonymous: /^anon$/, none: /^-$/ };

  /** Maps the first `pages` pages of a file and does something with them. */
  function mapped(name: string, pages: number, prot: number) {
    const bytes = gunzipSync(readFileSync(join(ROOT, 'test/fixtures/kernel-images/basic.img.gz')));
    const machine = new Machine({ roms: [{ address: ADDRESS, size: 32 << 20, bytes }] });
    machine.mountCramfs('/rom', openImage(bytes), ADDRESS);
    const process = machine.spawn();
    const file = process.open(`/rom/${name}`);
    const start = process.mmap(pages * PAGE, prot, MAP_PRIVATE, { file });
    return { process, start, end: start + pages * PAGE };
  }

  /** Compares the line PAGES of a picture with a page table. */
  function expectDrawn(picture: string, { process, start, end }: ReturnType<typeof mapped>): void {
    const [, line] = /^PAGES +([^<\n]*)/m.exec(picture)!;
    const drawn = line!.trim().split(/ +/);
    const pages = [...pagesIn(process.mm, start, end - start)];
    expect(pages).toHaveLength(drawn.length);
    pages.forEach(({ backing }, page) => {
      expect(drawn[page]).toMatch(DRAWN[backing as keyof typeof DRAWN]);
    });
  }

  test('fully direct', () => {
    expectDrawn(pictures[0], mapped('direct-7p-zerotail', 4, PROT_READ));
  });

  test('mixed, copied out of ROM, MADV_DONTNEED', () => {
    const mixed = mapped('direct-5p-sharedtail', 5, PROT_READ);
    mixed.process.load(mixed.start + 4 * PAGE);
    expectDrawn(pictures[1]!, mixed);

    const copied = mapped('direct-5p-sharedtail', 5, PROT_READ);
    copied.process.mprotect(copied.start, 5 * PAGE, PROT_READ | PROT_WRITE);
    copied.process.load(copied.start + 4 * PAGE);
    copied.process.store(copied.start, 1);
    expectDrawn(pictures[2]!, copied);

    mixed.process.madvise(mixed.start, 5 * PAGE, 'dontneed');
    mixed.process.load(mixed.start);
    expectDrawn(pictures[3]!, mixed);
  });

  test('an area that is VM_PFNMAP refuses MADV_DONTNEED', () => {
    const { process, start } = mapped('direct-7p-zerotail', 4, PROT_READ);
    expect(() => {
      process.madvise(start, 4 * PAGE, 'dontneed');
    }).toThrow('EINVAL');
  });
});
