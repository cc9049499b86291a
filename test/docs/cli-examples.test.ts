import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launcher } from '../cli/run-cli.js';
import { concat, noise } from '../helpers/raw-image.js';
import { readDocument, section } from './markdown.js';

/*
 * The command lines of the documents, run as they stand there, one after the other, in a directory with the
 * sample tree. What cannot be run is listed, with the reason.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TOOLS = ['cramfs', 'mkcramfs', 'fsck.cramfs', 'xip-emu'] as const;

/** Lines of which the reader replaces words, by how they begin. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'mkcramfs [-hVvEpszxXqBL]': 'synopsis',
  'fsck.cramfs [-hVvcay]': 'synopsis',
};

interface Example {
  readonly line: string;
  readonly code: number;
}

/** Lines of the document's blocks that call one of the tools. */
function examples(document: string): Example[] {
  const tool = `(?:npx )?(?:${TOOLS.map((name) => name.replace('.', '\\.')).join('|')}) `;
  const line = new RegExp(`^(?: {4}|\\$ )((?:[a-z][^|\n]*\\| *)?${tool}.*)$`, 'gm');
  return [...document.matchAll(line)].map(([, text]) => {
    const [command, comment = ''] = text!.split(/ +# /);
    return { line: command!.trim(), code: Number(/^exit (\d+)/.exec(comment)?.[1] ?? 0) };
  });
}

let bin: string;
beforeAll(() => {
  bin = mkdtempSync(join(tmpdir(), 'bin-'));
  for (const tool of TOOLS) symlinkSync(launcher(tool), join(bin, tool));
});
afterAll(() => {
  rmSync(bin, { recursive: true });
});

function describeExamples(title: string, found: readonly Example[], prepare: (at: string) => void) {
  describe(title, () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'examples-'));
      prepare(folder);
    });
    afterAll(() => {
      rmSync(folder, { recursive: true });
    });

    test.each(found)('$line', ({ line, code }) => {
      const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
      const options = { cwd: folder, env, encoding: 'utf8' } as const;
      const { status, stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', line], options);
      expect({ status, stderr: status === code ? '' : stderr }).toEqual({
        status: code,
        stderr: '',
      });
      expect(stdout + stderr).not.toContain('internal error');
      // All of them print something, except --require and the C tool.
      expect(stdout !== '' || /--require|^mkcramfs/.test(line)).toBe(true);
    });
  });
}

const MANUAL = readDocument('cli.md');
// The synopsis shows forms, not commands.
const inManual = examples(MANUAL.replace(section(MANUAL, 'Synopsis'), ''));
const isRun = ({ line }: Example) => !Object.keys(NOT_RUN).some((start) => line.startsWith(start));
const toRun = inManual.filter(isRun);

test('what cannot be run is in the document, once', () => {
  expect(inManual.length - toRun.length).toBe(Object.keys(NOT_RUN).length);
  expect(toRun.length).toBeGreaterThan(20);
});

describeExamples('docs/cli.md', toRun, (folder) => {
  const rootfs = join(folder, 'rootfs');
  cpSync(join(ROOT, 'samples/rootfs'), rootfs, { recursive: true, verbatimSymlinks: true });
  cpSync(join(ROOT, 'samples/device-table.txt'), join(folder, 'device-table.txt'));
  const image = join(folder, 'in-firmware.img');
  const built = spawnSync(process.execPath, [launcher('cramfs'), 'build', rootfs, image, '-q']);
  expect(built.status).toBe(0);
  const firmware = concat(noise(3000), readFileSync(image), noise(500));
  writeFileSync(join(folder, 'firmware.bin'), firmware);
});

describeExamples('docs/xip.md', examples(readDocument('xip.md')), (folder) => {
  mkdirSync(join(folder, 'rootfs'));
  const programs = join(ROOT, 'samples/rootfs/cortex-m/fdpic');
  cpSync(programs, join(folder, 'rootfs/bin'), { recursive: true });
});
