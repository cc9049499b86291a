import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildDialectImage } from '../helpers/dialect-images.js';
import { concat, noise } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { cramfs } from './run-cli.js';

const folder = new Folder();

const names = Array.from({ length: 12 }, (_, index) => `file${String(index).padStart(2, '0')}`);
const content = (name: string): Uint8Array => noise(30_000, Number(name.slice(4)) + 1);
const image = buildDialectImage(
  Object.fromEntries(names.map((name) => [name, { mode: 0o100644, content: content(name) }])),
);

function spared(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 512) {
    parts.push(bytes.subarray(at, at + 512), noise(16, at + 1));
  }
  return concat(...parts);
}

test('extract --salvage: no superblock, spare areas', async () => {
  const wiped = image.slice();
  wiped.fill(0, 0, 64);
  const file = folder.write('wiped', wiped);
  expect((await cramfs(['extract', file, '-C', folder.path('none')])).code).toBe(8);
  for (const [dump, options] of [
    [file, ['--salvage']],
    [folder.write('spared', spared(image)), ['--salvage']],
    [folder.write('both', spared(wiped)), ['--salvage', '--oob', '512+16']],
  ] as const) {
    const target = folder.path(`out-${dump.slice(-5)}`);
    const { code } = await cramfs(['extract', dump, '-C', target, '--no-owner', ...options]);
    expect(code).toBe(0);
    expect(readdirSync(target)).toEqual(names);
    for (const name of names) {
      expect(Buffer.compare(readFileSync(`${target}/${name}`), content(name))).toBe(0);
    }
  }
  expect((await cramfs(['ls', '--root', '76', file])).stdout).toBe(`${names.join('\n')}\n`);
  expect((await cramfs(['ls', '--oob', 'auto', folder.path('spared')])).code).toBe(0);
  expect((await cramfs(['ls', '--oob', '512', file])).code).toBe(16);
});

test('extract --salvage: a skipped erase block; everything lost is listed', async () => {
  const at = 0x18000;
  const missing = concat(image.subarray(0, at), image.subarray(at + 0x8000));
  const file = folder.write('missing', missing);
  const target = folder.path('out');
  const { code, stderr } = await cramfs(['extract', file, '-C', target, '--salvage', '--no-owner']);
  expect(code).toBe(8);
  expect(stderr).toContain('made room for 32768 lost bytes at 0x18000\n');
  const lost = names.filter(
    (name) => Buffer.compare(readFileSync(`${target}/${name}`), content(name)) !== 0,
  );
  expect(lost.length).toBeGreaterThan(0);
  expect(lost.length).toBeLessThanOrEqual(3);
  for (const name of lost) expect(stderr).toContain(`(/${name})`);
});

test('a cut-off image: everything lost is listed', async () => {
  const file = folder.write('cut', image.subarray(0, 100_000));
  const target = folder.path('out');
  const { stderr } = await cramfs(['extract', file, '-C', target, '--salvage', '--no-owner']);
  const lines = stderr.split('\n').filter((line) => /\(\/file\d\d\)$/.test(line));
  expect(lines.length).toBeGreaterThanOrEqual(8);
});
