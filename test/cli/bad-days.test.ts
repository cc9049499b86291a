import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { buildRawImage, file, noise } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { launcher } from './run-cli.js';

const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

function run(command: readonly string[], redirect = '') {
  const [first, ...words] = command;
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', `exec "$@" ${redirect}`, 'sh', first!, ...words],
    { encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

const cramfs = (...words: string[]): string[] => [process.execPath, launcher('cramfs'), ...words];

const canMount = run(['unshare', '--mount', 'true']).status === 0;
const canBecomeNobody = run([...NOBODY, 'true']).status === 0;

const folder = new Folder();
let source: string;
let image: string;
beforeEach(() => {
  source = folder.path('source');
  image = folder.path('image');
  mkdirSync(source);
  const names = Array.from({ length: 20 }, (_, index) => `f${index}`);
  names.forEach((name, index) => {
    writeFileSync(join(source, name), noise(200_000, index));
  });
  const tree = Object.fromEntries(names.map((name, index) => [name, file(noise(200_000, index))]));
  writeFileSync(image, buildRawImage(tree).bytes);
});

describe('no space left', () => {
  test.each([
    ['info', () => [image]],
    ['ls', () => ['-lR', image]],
    ['map', () => ['--json', image]],
    ['cat', () => [image, '/f1']],
    ['tar', () => [image]],
    ['build', () => ['--report', 'json', source, folder.path('new')]],
  ])('on standard output: %s', (command, operands) => {
    expect(run(cramfs(command, ...operands()), '> /dev/full')).toEqual({
      status: 8,
      stdout: '',
      stderr: 'cramfs: standard output: no space left on device\n',
    });
  });

  const title = 'on a disk of 1 MiB: one line, and nothing that is half';
  describe.skipIf(!canMount)(canMount ? title : `${title} (needs root)`, () => {
    /** Runs a command in a namespace where `disk` is a file system of 1 MiB, and lists that. */
    function onSmallDisk(...words: string[]) {
      const disk = folder.path('disk');
      mkdirSync(disk);
      const script =
        `mount -t tmpfs -o size=1m none '${disk}' || exit 99; "$@"; code=$?; ` +
        `find '${disk}' -type f -printf '%f %s\\n'; exit $code`;
      return run(['unshare', '--mount', 'sh', '-c', script, 'sh', ...cramfs(...words)]);
    }

    test.each(['new.img', 'new.img.gz'])('build %s', (name) => {
      const output = folder.path('disk', name);
      expect(onSmallDisk('build', source, output)).toEqual({
        status: 8,
        stdout: '',
        stderr: `cramfs: ${output}: no space left on device\n`,
      });
    });

    test('tar -o', () => {
      const output = folder.path('disk', 'tar');
      expect(onSmallDisk('tar', image, '-o', output)).toEqual({
        status: 8,
        stdout: '',
        stderr: `cramfs: ${output}: no space left on device\n`,
      });
    });

    test('extract', () => {
      const words = ['extract', '--workers', '3', image, '-C', folder.path('disk', 'out')];
      const { status, stdout, stderr } = onSmallDisk(...words);
      expect(status).toBe(8);
      expect(stderr).toMatch(
        /^cramfs: [^\n]*: stopped here: [^\n]*no space left on device[^\n]*\n$/,
      );
      const [summary, ...files] = stdout.split('\n').slice(0, -1);
      expect(summary).toContain(`extracted ${files.length} files`);
      for (const line of files) expect(line).toMatch(/^f\d+ 200000$/);
    });
  });
});

const title = 'what another user may not touch is named';
test.skipIf(!canBecomeNobody)(canBecomeNobody ? title : `${title} (needs root)`, () => {
  const closed = folder.path('closed');
  const open = folder.path('open');
  for (const directory of [closed, open, join(source, 'd')]) mkdirSync(directory);
  chmodSync(folder.path(), 0o755);
  chmodSync(open, 0o777);
  for (const path of [closed, join(source, 'd'), join(source, 'f0')]) chmodSync(path, 0);
  const output = join(open, 'image');
  const asNobody = (...words: string[]) => run([...NOBODY, ...cramfs(...words)]);
  const denied = (path: string) => ({
    status: 8,
    stdout: '',
    stderr: `cramfs: ${path}: permission denied\n`,
  });
  for (const path of [join(closed, 'image'), join(closed, 'd', 'image')]) {
    expect(asNobody('build', open, path)).toEqual(denied(path));
    expect(asNobody('info', path)).toEqual(denied(path));
    expect(asNobody('extract', image, '-C', path)).toEqual(denied(path));
    expect(asNobody('tar', image, '-o', path)).toEqual(denied(path));
    expect(asNobody('build', '-D', path, open, output)).toEqual(denied(path));
  }
  const { status, stderr } = asNobody('build', source, output);
  expect(status).toBe(8);
  expect(stderr.split('\n').slice(0, -1).sort()).toEqual([
    `cramfs: ${source}: cannot be read: permission denied (EACCES) (/d)`,
    `cramfs: ${source}: cannot be read: permission denied (EACCES) (/f0)`,
    `cramfs: ${source}: no image because of 2 errors: --allow skip-unreadable leaves them out`,
  ]);
  expect(readdirSync(open)).toEqual([]);
  expect(asNobody('build', '-q', '--allow', 'skip-unreadable', source, output).status).toBe(0);
  expect(readFileSync(output).length).toBeGreaterThan(19 * 200_000);
});
