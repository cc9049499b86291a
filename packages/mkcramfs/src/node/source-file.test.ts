import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CramfsError } from 'cramfs-format';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FileIdentity } from '../tree.js';
import { SourceReader, fileIdentity } from './source-file.js';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'source-file-'));
  path = join(directory, 'file');
  writeFileSync(path, 'content');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function identify(): FileIdentity {
  return fileIdentity(lstatSync(path, { bigint: true }));
}

function read(seen: FileIdentity): Uint8Array {
  return new SourceReader().read({ host: path, path: '/tree/file', seen });
}

/** Waits for the clock of the file system, which ticks every few milliseconds. */
function tick(): void {
  const before = statSync(path, { bigint: true }).ctimeNs;
  const probe = join(directory, 'probe');
  do writeFileSync(probe, '');
  while (statSync(probe, { bigint: true }).ctimeNs === before);
}

test('reads the blocks seen, as often as asked', () => {
  const seen = identify();
  expect(Buffer.from(read(seen)).toString()).toBe('content');
  expect(Buffer.from(read(seen)).toString()).toBe('content');
});

test('an empty file', () => {
  writeFileSync(path, '');
  expect(read(identify())).toHaveLength(0);
});

test('of a file too large for cramfs, the beginning', () => {
  truncateSync(path, 2 ** 24 + 5);
  const bytes = read(identify());
  expect(bytes).toHaveLength(2 ** 24 - 1);
  expect(Buffer.from(bytes.subarray(0, 8)).toString()).toBe('content\0');
});

describe.each<[string, () => void]>([
  [
    'grown',
    () => {
      appendFileSync(path, 'more');
    },
  ],
  [
    'shrunk',
    () => {
      truncateSync(path, 3);
    },
  ],
  [
    'rewritten in place',
    () => {
      writeFileSync(path, 'CONTENT');
    },
  ],
  [
    'rewritten with its old times put back',
    () => {
      const { atime, mtime } = statSync(path);
      writeFileSync(path, 'CONTENT');
      utimesSync(path, atime, mtime);
    },
  ],
  [
    'given another mode',
    () => {
      chmodSync(path, 0o4755);
    },
  ],
  [
    'replaced by a copy',
    () => {
      writeFileSync(`${path}.new`, 'content');
      renameSync(`${path}.new`, path);
    },
  ],
  [
    'removed',
    () => {
      rmSync(path);
    },
  ],
  [
    'replaced by a symbolic link to itself',
    () => {
      linkSync(path, `${path}.real`);
      rmSync(path);
      symlinkSync(`${path}.real`, path);
    },
  ],
  [
    'replaced by a fifo',
    () => {
      rmSync(path);
      expect(spawnSync('mkfifo', [path]).status).toBe(0);
    },
  ],
])('a file that was %s', (_, change) => {
  test('is not taken for the one that was seen', () => {
    const seen = identify();
    tick();
    change();
    let error: unknown;
    try {
      read(seen);
    } catch (reason) {
      error = reason;
    }
    expect(error).toBeInstanceOf(CramfsError);
    expect(error).toMatchObject({
      code: 'BAD_SOURCE',
      message: 'changed while it was read',
      path: '/tree/file',
    });
  });
});
