import { execFileSync } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { withTemporaryDirectory } from '../../../../test/helpers/peers.js';
import { noise } from '../../../../test/helpers/raw-image.js';
import { readShared, readSharedInParts } from './shared-file.js';

describe('readShared', () => {
  test('a file, into memory that threads share', async () => {
    await withTemporaryDirectory((path) => {
      for (const length of [0, 1, 3_000_000]) {
        writeFileSync(`${path}/file`, noise(length));
        const bytes = readShared(`${path}/file`);
        expect(bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
        expect(Buffer.from(bytes).equals(noise(length))).toBe(true);
      }
    });
  });

  test('files without a size: a file of the kernel, a pipe', async () => {
    const status = '/proc/version';
    expect(Buffer.from(readShared(status))).toEqual(readFileSync(status));
    await withTemporaryDirectory((path) => {
      execFileSync('mkfifo', [`${path}/pipe`]);
      writeFileSync(`${path}/file`, noise(2_500_000));
      execFileSync('sh', ['-c', `cat '${path}/file' > '${path}/pipe' & `], { stdio: 'ignore' });
      expect(Buffer.from(readShared(`${path}/pipe`)).equals(noise(2_500_000))).toBe(true);
    });
  });

  test('not more than the limit', async () => {
    await withTemporaryDirectory((path) => {
      writeFileSync(`${path}/file`, noise(1000));
      expect(readShared(`${path}/file`, 1000)).toHaveLength(1000);
      expect(() => readShared(`${path}/file`, 999)).toThrow('the file has more than 999 bytes');
      truncateSync(`${path}/file`, 3 * 2 ** 30);
      expect(() => readShared(`${path}/file`)).toThrow(
        expect.objectContaining({ name: 'CramfsError', code: 'BAD_SOURCE', path: `${path}/file` }),
      );
      expect(() => readShared('/dev/zero', 5_000_000)).toThrow('more than 5000000');
      expect(() => readShared(path)).toThrow('EISDIR');
      expect(() => readShared(`${path}/none`)).toThrow('ENOENT');
    });
  });
});

describe('readSharedInParts', () => {
  test.each([0, 5000, 2 ** 23 - 1, 2 ** 23, 2 ** 23 + 1, 20_000_003])(
    'gives a file of %i bytes, into memory that threads share',
    async (length) => {
      await withTemporaryDirectory(async (path) => {
        const content = noise(length);
        writeFileSync(`${path}/file`, content);
        const bytes = await readSharedInParts(`${path}/file`);
        expect(bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
        expect(Buffer.compare(bytes, content)).toBe(0);
      });
    },
  );

  test('gives what is left of a file that becomes shorter meanwhile', async () => {
    await withTemporaryDirectory(async (path) => {
      const content = noise(20_000_000);
      for (const length of [0, 7_000_000, 19_999_999]) {
        writeFileSync(`${path}/file`, content);
        // Its size is known by now; much of it has not been read.
        const bytes = readSharedInParts(`${path}/file`);
        truncateSync(`${path}/file`, length);
        const read = await bytes;
        expect(read.length).toBeLessThanOrEqual(content.length);
        expect(Buffer.compare(read.subarray(0, length), content.subarray(0, length))).toBe(0);
      }
    });
  });

  test('says what readShared() says of a file that is too large, a directory, or nothing', async () => {
    await withTemporaryDirectory(async (path) => {
      writeFileSync(`${path}/file`, '');
      truncateSync(`${path}/file`, 3 * 2 ** 30);
      await expect(readSharedInParts(`${path}/file`)).rejects.toThrow(
        expect.objectContaining({ name: 'CramfsError', code: 'BAD_SOURCE', path: `${path}/file` }),
      );
      await expect(readSharedInParts(path)).rejects.toThrow('EISDIR');
      await expect(readSharedInParts(`${path}/none`)).rejects.toThrow('ENOENT');
    });
  });
});
