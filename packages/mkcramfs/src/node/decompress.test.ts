import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CramfsError, type CramfsErrorCode } from 'cramfs-format';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtModule } from '../../../../test/helpers/built.js';
import { inChunks, tarArchive, tarItem } from '../../../../test/helpers/tar-builder.js';
import { noise, prose } from '../../../../test/helpers/trees.js';
import { readTarSource } from '../tar-source.js';
import type { DirectoryEntry, FileEntry } from '../tree.js';
import { decompress, openTarStream } from 'cramfs-archive/node';

const CONTENT = prose(300_000, 1);
const ARCHIVE = tarArchive(
  tarItem({ name: 'dir/prose', data: CONTENT }),
  tarItem({ name: 'dir/noise', data: noise(100_000, 2) }),
);

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'decompress-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const hasZstd = spawnSync('zstd', ['--version']).status === 0;

function zstd(input: Uint8Array, ...options: string[]): Buffer {
  const { stdout, status } = spawnSync('zstd', ['-q', '-c', ...options], {
    input,
    maxBuffer: 2 ** 30,
  });
  expect(status).toBe(0);
  return stdout;
}

async function read(name: string, bytes: Uint8Array): Promise<DirectoryEntry> {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  const { chunks, file } = openTarStream(path);
  return readTarSource(chunks, { file });
}

async function expectContent(root: DirectoryEntry): Promise<void> {
  const dir = root.children.get('dir') as DirectoryEntry;
  expect([...dir.children.keys()]).toEqual(['prose', 'noise']);
  const file = dir.children.get('prose') as FileEntry;
  expect(Buffer.compare(await file.read(), CONTENT)).toBe(0);
}

async function failure(name: string, bytes: Uint8Array): Promise<CramfsError> {
  const error: unknown = await read(name, bytes).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CramfsError);
  expect((error as CramfsError).path).toBe(join(directory, name));
  return error as CramfsError;
}

/** A Zstandard frame of blocks of 128 KiB, four bytes each, that repeat `byte`. */
function rleFrame(blocks: number, byte: number): Buffer {
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]);
  const body = Buffer.alloc(4 * blocks);
  for (let index = 0; index < blocks; index += 1) {
    const isLast = index === blocks - 1 ? 1 : 0;
    body.writeUIntLE(((128 << 10) << 3) | 2 | isLast, 4 * index, 3);
    body[4 * index + 3] = byte;
  }
  return Buffer.concat([head, body]);
}

describe('decompression bombs', () => {
  test('the content of one chunk of zstd comes block by block', async () => {
    const sizes = new Set<number>();
    let blocks = 0;
    const source = (async function* () {
      await Promise.resolve();
      yield rleFrame(5000, 1);
    })();
    for await (const { length } of decompress(source, 'bomb')) {
      sizes.add(length);
      blocks += 1;
    }
    expect([blocks, [...sizes]]).toEqual([5000, [128 << 10]]);
  });

  test.each([
    ['zstd', rleFrame(3000, 0)],
    ['gzip', gzipSync(Buffer.alloc(3000 * (128 << 10)))],
  ])('zeros without end in %s are no padding', async (_, bytes) => {
    const error = await failure('bomb', bytes);
    expect([error.code, error.message]).toEqual([
      'BAD_SOURCE',
      'more than 67108864 bytes follow its end marker',
    ]);
  });

  test('zstd that is cut short, or followed by other data', async () => {
    const frame = rleFrame(10, 0);
    const cut = await failure('cut', frame.subarray(0, -2));
    expect(cut.message).toBe('zstd data that was cut short');
    const mixed = await failure('mixed', Buffer.concat([frame, Buffer.from('no frame at all')]));
    expect(mixed.message).toBe('bad zstd data');
    const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]);
    expect((await read('skip', Buffer.concat([frame, skippable, frame]))).children.size).toBe(0);
  });
});

describe('openTarStream', () => {
  test('plain, under any name', async () => {
    await expectContent(await read('plain.tar.gz', ARCHIVE));
  });

  test('gzip, also several in a row', async () => {
    await expectContent(await read('a.tar', gzipSync(ARCHIVE)));
    const halves = [ARCHIVE.subarray(0, 5000), ARCHIVE.subarray(5000)];
    await expectContent(await read('b.tar', Buffer.concat(halves.map((half) => gzipSync(half)))));
  });

  test.skipIf(!hasZstd).each([[[]], [['-19']], [['--fast', '--no-check']]])(
    'zstd %j, also several in a row',
    async (options) => {
      await expectContent(await read('a.tar', zstd(ARCHIVE, ...options)));
      const halves = [ARCHIVE.subarray(0, 5000), ARCHIVE.subarray(5000)];
      const frames = halves.map((half) => zstd(half, ...options));
      await expectContent(await read('b.tar', Buffer.concat(frames)));
    },
  );

  test.skipIf(!hasZstd)(
    'zstd with a window that is too large says so, and stays usable',
    async () => {
      const big = Buffer.alloc(20_000_000);
      big.set(noise(1_000_000, 3));
      const error = await failure('a.tar', zstd(big, '--ultra', '-22', '--stream-size=20000000'));
      expect(error.code).toBe('UNSUPPORTED');
      expect(error.message).toBe(
        'compressed with a window of more than 8 MiB: decompress it first, and pipe it in',
      );
      await expectContent(await read('b.tar', zstd(ARCHIVE)));
    },
  );

  test.each([
    ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00]],
    ['bzip2', [...Buffer.from('BZh91AY&SY')]],
    ['lzip', [...Buffer.from('LZIP\x01')]],
    ['lz4', [0x04, 0x22, 0x4d, 0x18, 0x64]],
    ['compress', [0x1f, 0x9d, 0x90]],
  ])('%s is not supported, and named', async (format, magic) => {
    const error = await failure('a.tar', Uint8Array.from([...magic, 1, 2, 3, 4]));
    expect(error.code).toBe('UNSUPPORTED');
    expect(error.message).toBe(`${format} is not supported: decompress it first, and pipe it in`);
  });

  const gzip = gzipSync(ARCHIVE);
  const badGzip = Buffer.from(gzip);
  badGzip[badGzip.length - 5]! ^= 0xff;

  test.each<[string, Uint8Array, CramfsErrorCode, string]>([
    ['cut gzip', gzip.subarray(0, 3000), 'BAD_SOURCE', 'bad gzip data: unexpected end of file'],
    ['damaged gzip', badGzip, 'BAD_SOURCE', 'bad gzip data: incorrect data check'],
    ['only a magic', gzip.subarray(0, 2), 'BAD_SOURCE', 'bad gzip data: unexpected end of file'],
    ['nothing', new Uint8Array(0), 'BAD_SOURCE', 'the archive is empty, or was cut short'],
  ])('%s', async (name, bytes, code, message) => {
    expect(await failure(name, bytes)).toMatchObject({ code, message });
  });

  test.skipIf(!hasZstd)('damaged zstd', async () => {
    const bytes = zstd(ARCHIVE);
    const cut = await failure('cut', bytes.subarray(0, bytes.length - 1000));
    expect(cut.code).toBe('BAD_SOURCE');
    expect(cut.message).toMatch(/cut short/);
    const bad = Buffer.from(bytes);
    bad.fill(0x55, 100, 200);
    expect(await failure('bad', bad)).toMatchObject({
      code: 'BAD_SOURCE',
      message: 'bad zstd data',
    });
    const garbage = Buffer.concat([bytes, Buffer.from('garbage')]);
    expect((await failure('garbage', garbage)).message).toBe('bad zstd data');
  });

  test('a missing file, or a directory', async () => {
    const read = async (path: string): Promise<unknown> => {
      const { chunks, file } = openTarStream(path);
      return readTarSource(chunks, { file }).catch((error: unknown) => error);
    };
    expect(await read(join(directory, 'none'))).toMatchObject({
      code: 'BAD_SOURCE',
      message: 'cannot be read: no such file or directory (ENOENT)',
      path: join(directory, 'none'),
    });
    expect(await read(directory)).toMatchObject({
      code: 'BAD_SOURCE',
      message: 'cannot be read: illegal operation on a directory (EISDIR)',
    });
  });

  test('the standard input', () => {
    const script = `
      import { openTarStream } from ${JSON.stringify(builtModule('packages/cramfs-archive/dist/node/decompress.js'))};
      import { readTarSource } from ${JSON.stringify(builtModule('packages/mkcramfs/dist/tar-source.js'))};
      const { chunks, file } = openTarStream('-');
      const root = await readTarSource(chunks, { file });
      console.log(file, [...root.children.get('dir').children.keys()].join());
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      input: gzipSync(ARCHIVE),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(stdout).toBe('standard input prose,noise\n');
  });
});

test('decompress takes chunks of any size, even a byte', async () => {
  for (const bytes of [ARCHIVE.subarray(0, 3000), gzipSync(ARCHIVE.subarray(0, 3000))]) {
    const parts: Uint8Array[] = [];
    for await (const part of decompress(inChunks(bytes, 1), 'x')) parts.push(part);
    expect(Buffer.concat(parts).equals(ARCHIVE.subarray(0, 3000))).toBe(true);
  }
});

test('a consumer that gives up closes the source', async () => {
  for (const bytes of [ARCHIVE, gzipSync(noise(1_000_000, 4))]) {
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield* inChunks(bytes, 100);
      } finally {
        closed = true;
      }
    }
    for await (const part of decompress(source(), 'x')) {
      expect(part.length).toBeGreaterThan(0);
      break;
    }
    expect(closed).toBe(true);
  }
});
