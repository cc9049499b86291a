import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AtomicFile } from './image-file.js';
import { removeStale, temporaryName } from './temporary-file.js';

let folder: string;
let image: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'temporary-'));
  image = join(folder, 'rootfs.img');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('names are unique, in the directory of the file, and fit one of 255 bytes', () => {
  const names = [temporaryName(image), temporaryName(image)];
  expect(names[0]).not.toBe(names[1]);
  for (const name of names) expect(dirname(name)).toBe(folder);
  const long = join(folder, '€'.repeat(85));
  const file = new AtomicFile(long);
  file.write(Buffer.from('x'));
  file.commit();
  expect(readdirSync(folder)).toEqual([basename(long)]);
});

describe('files of writers that are gone', () => {
  /** A temporary file of `image` as a writer would name it. */
  function leave(edit: (writer: string[]) => void, age = 0): string {
    const [, stem, writer, unique] = /^(.*)\.(.*)-([0-9a-f]+\.tmp)$/.exec(
      basename(temporaryName(image)),
    )!;
    const parts = writer!.split('-');
    edit(parts);
    const name = `${stem}.${parts.join('-')}-${unique}`;
    writeFileSync(join(folder, name), 'half');
    const then = Date.now() / 1000 - age;
    utimesSync(join(folder, name), then, then);
    return name;
  }

  /** A pid that was somebody's. */
  function deadPid(): string {
    return String(spawnSync(process.execPath, ['-e', '']).pid);
  }

  test('go when the process is gone, or its pid is another process’s', () => {
    leave((writer) => (writer[2] = deadPid()));
    leave((writer) => (writer[3] = String(Number(writer[3]) - 1)));
    removeStale(image);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('stay while the process runs', () => {
    const names = [leave(() => undefined), leave((writer) => (writer[3] = writer[3]!), 86_400)];
    removeStale(image);
    expect(readdirSync(folder).sort()).toEqual(names.sort());
  });

  test('of other containers and machines go when they are old', () => {
    const kept = [
      leave((writer) => (writer[1] = '4026539999')),
      leave((writer) => (writer[0] = '00000000')),
    ];
    leave((writer) => (writer[1] = '4026539999'), 86_400);
    leave((writer) => (writer[0] = '00000000'), 86_400);
    removeStale(image);
    expect(readdirSync(folder).sort()).toEqual(kept.sort());
  });

  test('are of this image alone', () => {
    const others = ['rootfs.img.bak', 'rootfs.img.1-2-3-4-zzzzzzzz.tmp', 'rootfs.img.123.tmp'];
    for (const name of others) writeFileSync(join(folder, name), 'mine');
    const other = basename(temporaryName(join(folder, 'other.img')));
    writeFileSync(join(folder, other), 'theirs');
    removeStale(image);
    expect(readdirSync(folder).sort()).toEqual([...others, other].sort());
  });
});
