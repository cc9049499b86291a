import { beforeEach, expect, test } from 'vitest';
import { elfFile } from '../helpers/elf-builder.js';
import { fdpicFile, flatFile } from '../helpers/nommu-programs.js';
import { buildRawImage, directory, file, noise, text } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson } from './run-cli.js';

/* `map` for the kernel that --arch and --config describe: exec gives the same answers. */

const TEXT = { flags: 5, offset: 0, filesz: 8000 };
const EM_RISCV = 243;
/** One that is not known here. */
const EM_SPARC = 2;

const riscv = elfFile(64, true, [TEXT], noise(8192, 3), 3);
new DataView(riscv.buffer).setUint16(18, EM_RISCV, true);
const sparc = Uint8Array.from(riscv);
new DataView(sparc.buffer).setUint16(18, EM_SPARC, true);

const program = (bytes: Uint8Array) =>
  file(bytes, { mode: 0o755, blocks: [{ kind: 'D', align: 4096 }, 'D'] });
const flat = (options: Parameters<typeof flatFile>[2]) =>
  program(flatFile(noise(8000, 5), text(40), options));
const raw = buildRawImage(
  {
    bin: directory({
      fdpic: program(fdpicFile([TEXT], noise(8100, 4))),
      flat: flat({}),
      old: flat({ rev: 2 }),
      riscv: program(riscv),
      sparc: program(sparc),
      zdata: flat({ flags: 8 }),
    }),
    etc: file(noise(5000), { blocks: 'DD' }),
  },
  { flags: 0x803 },
);

/** Where an image does not tell. */
const BLOCKS = ['--block-size', '16384'];

const folder = new Folder();
let image: string;

beforeEach(() => {
  image = folder.write('kernels.img', raw.bytes);
});

interface Mapped {
  readonly path: string;
  readonly nommu: { readonly directPages: number; readonly reason: string | null };
}

/** Direct pages of each program without an MMU, or why there are none. */
async function nommu(...args: string[]): Promise<Record<string, number | string | null>> {
  const json = await cramfsJson(['map', image, '/bin', '--nommu', ...args]);
  const { files } = json as { files: Mapped[] };
  return Object.fromEntries(
    files.map(({ path, nommu: { directPages, reason } }) => [
      path.slice(5),
      directPages === 0 ? reason : directPages,
    ]),
  );
}

test('without --arch each ELF program is for its own kernel, bFLT for that of the first', async () => {
  expect(await nommu()).toEqual({
    fdpic: 2,
    flat: 2,
    old: 2,
    riscv: 'ordinary ELF, not FDPIC: read into RAM as a whole',
    sparc: 'ordinary ELF, not FDPIC: read into RAM as a whole',
    zdata: 2,
  });
});

test('--arch: ELF programs for others are refused, and its configuration counts', async () => {
  const refused = 'not an ELF program for riscv64';
  expect(await nommu('--arch', 'riscv64')).toEqual({
    fdpic: refused,
    flat: 2,
    old: 'bFLT version 2: Linux loads versions 4 and, with CONFIG_BINFMT_FLAT_OLD, 2',
    riscv: 'ordinary ELF, not FDPIC: read into RAM as a whole',
    sparc: refused,
    zdata: 'no loader for compressed bFLT (CONFIG_BINFMT_ZFLAT)',
  });
  expect(await nommu('--arch', 'arm')).toMatchObject({ fdpic: 2, old: 2, zdata: 2 });
});

test('--config: what loaders there are', async () => {
  expect(await nommu('--config', 'BINFMT_FLAT=n')).toMatchObject({
    fdpic: 2,
    flat: 'no loader for bFLT (CONFIG_BINFMT_FLAT)',
  });
  expect(await nommu('--config', 'CONFIG_BINFMT_ELF_FDPIC=n')).toMatchObject({
    fdpic: 'no loader for ELF (CONFIG_BINFMT_ELF_FDPIC)',
    flat: 2,
  });
  expect(await nommu('--config', 'BINFMT_FLAT_OLD_ALWAYS_RAM=y')).toMatchObject({
    flat: 2,
    old: 'bFLT version 2: copied (CONFIG_BINFMT_FLAT_OLD_ALWAYS_RAM)',
  });
});

test.each([
  ['--nommu', '--arch=riscv64', '/bin/fdpic'],
  ['--nommu', '--config=BINFMT_ELF_FDPIC=n', '/bin/fdpic'],
  ['--nommu', '--arch=riscv64', '/bin/zdata'],
  ['--nommu', '--config=BINFMT_FLAT=n', '/bin/flat'],
  ['--mmu', '--arch=arm', '/bin/fdpic'],
  ['--mmu', '--config=BINFMT_ELF_FDPIC=n', '/bin/fdpic'],
  ['--mmu', '--arch=arm64', '/bin/riscv'],
])('what map %s %s says of %s: exec does not start it', async (kind, option, path) => {
  const required = await cramfs(['map', image, kind, option, '--require', path]);
  expect(required).toMatchObject({ code: 1 });
  const kernel = kind === '--nommu' ? [kind, option] : [option];
  expect(await cramfs(['exec', image, path, ...kernel])).toMatchObject({ code: 1 });
});

test('with an MMU: the file as a whole can be mapped, its segments are not', async () => {
  const { stdout } = await cramfs(['map', image, '--mmu', '--arch', 'arm', '/bin/riscv']);
  expect(stdout).toContain('arm: pages of 4096 bytes');
  expect(stdout).toMatch(/^\/bin\/riscv +2 +2 +0 /m);
  expect(stdout).toMatch(/^ {2}r-x 0x0\+0x1f40 +2 +0 +2 .*not an ELF program for arm$/m);
});

test('--simulate: on a machine of that kind', async () => {
  for (const args of [['--arch', 'arm'], ['--config', 'BINFMT_FLAT=n'], []]) {
    const { code, stdout } = await cramfs(['map', image, '--simulate', ...args]);
    expect(stdout).toMatch(/simulated: \d+ mappings, all match\n$/);
    expect(code).toBe(0);
  }
});

test('page sizes and byte orders that the architecture does not have', async () => {
  const bad = await cramfs(['map', image, '--arch', 'arm', '--page-size', '16384']);
  expect(bad.stderr).toContain('--page-size cannot be 16384: arm has pages of 4096');
  expect(bad.code).toBe(16);
  const large = folder.write(
    'large.img',
    buildRawImage({ a: file(noise(16384), { blocks: 'D' }) }, { flags: 0x803, blockSize: 16384 })
      .bytes,
  );
  const { stdout } = await cramfs(['map', large, '--arch', 'arm', ...BLOCKS]);
  expect(stdout).toContain('a kernel with pages of 4096 bytes misreads it');
  for (const command of [['map'], ['exec'], ['mmap']]) {
    const path = command[0] === 'map' ? [] : ['/bin/riscv'];
    const { code, stderr } = await cramfs([...command, image, ...path, '--arch', 'armeb']);
    expect(stderr).toContain('the image is little-endian: a kernel for armeb does not mount it');
    expect(code).toBe(8);
  }
  for (const command of ['exec', 'mmap']) {
    const { code, stderr } = await cramfs([command, large, '/a', '--arch', 'arm', ...BLOCKS]);
    expect(stderr).toContain('a kernel for arm, with pages of 4096 bytes, misreads it');
    expect(code).toBe(8);
  }
});
