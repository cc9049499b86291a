import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readTarIndex } from 'cramfs-archive';
import { errnoOf } from '../../../../../test/helpers/emulator.js';
import { paxHeader, tarArchive, tarItem } from '../../../../../test/helpers/tar-builder.js';
import { readAll, tarfsWorld, writeAt } from '../../../../../test/helpers/tarfs.js';
import { mtimeOf } from './member-headers.js';

const TIME = 1_234_567_890;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** Times of the members of an archive by their names. */
function times(archive: Uint8Array): Record<string, number> {
  const { members } = readTarIndex(archive);
  return Object.fromEntries(members.map((member) => [member.path, mtimeOf(archive, member)]));
}

test('a renamed file keeps its time, in whole seconds, also one of a pax header', () => {
  const { machine, process, tarfs } = tarfsWorld(
    tarArchive(
      tarItem({ name: 'a', data: 'A', mtime: TIME }),
      paxHeader([['mtime', `${TIME + 7}.25`]]),
      tarItem({ name: 'b', data: 'B' }),
      tarItem({ name: 'd/', typeflag: '5', mtime: TIME + 9 }),
    ),
  );
  process.rename('a', 'x');
  process.rename('b', 'd/y');
  process.rename('d', 'e');
  writeAt(process, 'new', 0, Buffer.from('N'));
  machine.sync();
  expect(times(tarfs.archive)).toEqual({ x: TIME, 'e/': TIME + 9, 'e/y': TIME + 7, new: 0 });
});

test('a link that becomes the file keeps its time', () => {
  const { machine, process, tarfs } = tarfsWorld(
    tarArchive(
      tarItem({ name: 'a', data: 'A', mtime: TIME }),
      tarItem({ name: 'b', typeflag: '1', linkname: 'a', mtime: TIME }),
    ),
  );
  process.unlink('a');
  machine.sync();
  expect(times(tarfs.archive)).toEqual({ b: TIME });
  expect(text(readAll(process, 'b'))).toBe('A');
});

test('an archive without an end marker is mounted, and gets one when it changes', () => {
  const members = [tarItem({ name: 'a', data: 'A' }), tarItem({ name: 'b', data: 'B' })];
  const archive = Buffer.concat(members);
  const { machine, process, tarfs } = tarfsWorld(archive);
  expect(text(readAll(process, 'b'))).toBe('B');
  machine.sync();
  expect(Buffer.compare(tarfs.archive, archive)).toBe(0);
  process.unlink('a');
  machine.sync();
  expect(Buffer.compare(tarfs.archive, Buffer.concat([members[1]!, Buffer.alloc(1024)]))).toBe(0);
});

test('an archive that is cut in a member is refused, whatever is missing', () => {
  const archive = Buffer.concat([tarItem({ name: 'a', data: 'x'.repeat(1000) })]);
  for (let length = 1; length < archive.length; length += 1) {
    expect(errnoOf(() => tarfsWorld(archive.subarray(0, length)))).toBe('EINVAL');
  }
});

test("members with '..' are not there, and stay in the archive", () => {
  const members = [
    tarItem({ name: '../evil', data: 'E' }),
    tarItem({ name: 'a', data: 'A' }),
    tarItem({ name: 'd/../../up', data: 'U' }),
    tarItem({ name: 'hard', typeflag: '1', linkname: '../a' }),
    tarItem({ name: 'soft', typeflag: '2', linkname: '../a' }),
    tarItem({ name: 'b', data: 'B' }),
  ] as const;
  const { machine, process, tarfs } = tarfsWorld(tarArchive(...members));
  expect([...tarfs.root.children()].map(([name]) => name)).toEqual(['a', 'soft', 'b']);
  process.unlink('a');
  machine.sync();
  const kept = members.filter((member) => member !== members[1]);
  const start = Buffer.concat(kept);
  expect(Buffer.compare(tarfs.archive.subarray(0, start.length), start)).toBe(0);
});

test('a compressed archive is read-only by itself', () => {
  const { process, machine, tarfs } = tarfsWorld(
    gzipSync(tarArchive(tarItem({ name: 'a', data: 'A'.repeat(200_000) }))),
  );
  expect(readAll(process, 'a').length).toBe(200_000);
  expect(errnoOf(() => process.open('a', { write: true }))).toBe('EROFS');
  expect(
    errnoOf(() => {
      machine.remount('/tar', { readOnly: false });
    }),
  ).toBe('EROFS');
  expect(tarfs.readOnly).toBe(true);
});

test('a compressed archive that is damaged or cut off', () => {
  const bytes = gzipSync(tarArchive(tarItem({ name: 'a', data: 'A' })));
  for (let length = 3; length < bytes.length; length += 7) {
    expect(errnoOf(() => tarfsWorld(bytes.subarray(0, length)))).toBe('EINVAL');
  }
  const damaged = Buffer.from(bytes);
  damaged[damaged.length - 6]! ^= 1;
  expect(errnoOf(() => tarfsWorld(damaged))).toBe('EINVAL');
});
