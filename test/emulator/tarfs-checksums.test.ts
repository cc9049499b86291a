/**
 * The checksums of whole archives in the records of tarfs, computed again by a model that has nothing
 * in common with the emulator: members of an archive, and what a scenario does to them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';

const FIXTURES = join(import.meta.dirname, '../fixtures/scenarios/tarfs');
const HEADER = 512;
/** tar(1) writes records of 20 blocks. */
const RECORD = 10240;

interface Member {
  readonly header: Buffer;
  content: Uint8Array;
}

const octal = (value: number, digits: number): string =>
  `${value.toString(8).padStart(digits, '0')}\0`;
const nameOf = ({ header }: Member): string =>
  header.toString('latin1', 0, 100).replace(/\0.*$/s, '');

function members(): Member[] {
  const archive = readFileSync(join(FIXTURES, 'root.tar'));
  const found: Member[] = [];
  for (let at = 0; archive[at] !== 0;) {
    const size = parseInt(archive.toString('latin1', at + 124, at + 135), 8);
    const header = Buffer.from(archive.subarray(at, at + HEADER));
    const content = Buffer.from(archive.subarray(at + HEADER, at + HEADER + size));
    found.push({ header, content });
    at += HEADER + Math.ceil(size / HEADER) * HEADER;
  }
  return found;
}

/** A GNU header of a new member, whose owner is root. */
function added(
  name: string,
  mode: number,
  type: string,
  content: Uint8Array = new Uint8Array(),
  link = '',
): Member {
  const header = Buffer.alloc(HEADER);
  header.write(name);
  header.write(octal(mode, 7) + octal(0, 7).repeat(2), 100);
  header.write(octal(0, 11), 136);
  header.write(type + link, 156);
  header.write('ustar  \0', 257);
  header.write(octal(0, 7).repeat(2), 329);
  return { header, content };
}

/** `size` and `crc` of the archive, as a record has them. */
function archiveOf(all: readonly Member[]): unknown {
  const pieces = all.flatMap(({ header, content }) => {
    header.write(octal(content.length, 11), 124);
    header.fill(' ', 148, 156);
    header.write(
      `${octal(
        header.reduce((sum, byte) => sum + byte, 0),
        6,
      )} `,
      148,
    );
    return [header, content, Buffer.alloc((HEADER - (content.length % HEADER)) % HEADER)];
  });
  const bytes = Buffer.concat([...pieces, Buffer.alloc(2 * HEADER)]);
  const size = Math.ceil(bytes.length / RECORD) * RECORD;
  const crc = crc32(Buffer.concat([bytes, Buffer.alloc(size - bytes.length)]));
  return { size, crc: crc.toString(16).padStart(8, '0') };
}

/** What each `sync` of a scenario is recorded to leave. */
function recorded(scenario: string): unknown[] {
  const lines = readFileSync(join(FIXTURES, 'expected', `${scenario}.jsonl`), 'utf8')
    .trim()
    .split('\n');
  return lines
    .map((line) => JSON.parse(line) as { op: string; size: number; crc: string })
    .filter(({ op }) => op === 'sync')
    .map(({ size, crc }) => ({ size, crc }));
}

/** The bytes of `write FD OFF LEN SEED` for an OFF of 0; `touch ID PAGE w` stores a byte of the page. */
const written = (length: number, seed: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (seed * 131 + 7 * at) & 255));
const touched = (page: number): number => (0xa5 + 31 * page) & 255;

function take(all: Member[], name: string): Member {
  const at = all.findIndex((member) => nameOf(member) === name);
  return all.splice(at, 1)[0]!;
}

test('08-msync-sync', () => {
  const all = members();
  const file = all.find((member) => nameOf(member) === './file')!;
  const states = [archiveOf(all)];
  file.content[0] = touched(0);
  states.push(archiveOf(all));
  file.content.set(written(4, 5));
  states.push(archiveOf(all));
  file.content[4096] = touched(1);
  states.push(archiveOf(all), archiveOf(all));
  file.content = file.content.subarray(0, 10000);
  states.push(archiveOf(all));
  expect(recorded('08-msync-sync')).toEqual(states);
});

test('09-names: a hard link whose target is gone becomes a file, after the others, like new ones', () => {
  const all = members();
  all.find((member) => nameOf(member) === './file')!.content = Buffer.alloc(0);
  const { content } = take(all, './small');
  take(all, './hard');
  all.push(
    added('./hard', 0o644, '0', content),
    added('./dir/soft', 0o777, '2', undefined, '../new'),
    added('./e/', 0o755, '5'),
  );
  expect(recorded('09-names')).toEqual([archiveOf(all)]);
});

test('11-compressed: nothing is changed', () => {
  expect(recorded('11-compressed')).toEqual([archiveOf(members())]);
});

test('nommu-private', () => {
  const all = members();
  const file = all.find((member) => nameOf(member) === './file')!;
  file.content.set(written(16, 1));
  file.content = file.content.subarray(0, 100);
  expect(recorded('nommu-private')).toEqual([archiveOf(all)]);
});
