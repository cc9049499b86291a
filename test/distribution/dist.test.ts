import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from 'cramfs-cli/shapes';
import { writeExecutable } from '../../scripts/src/distribution/executable.js';
import { launcher } from '../cli/run-cli.js';

/*
 * What `npm run dist` makes and the install target puts in place. Other versions of Node.js are those of
 * CRAMFS_NODES, paths with colons between them.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SAMPLE = join(ROOT, 'samples/rootfs');
const NODES = (process.env['CRAMFS_NODES'] ?? '').split(':').filter((path) => path !== '');

let folder: string;
let installed: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dist-'));
  run(process.execPath, join(ROOT, 'scripts/dist/make-dist.js'), '--no-executable');
  const env = { ...process.env, DESTDIR: join(folder, 'root'), PREFIX: '/usr' };
  const { status, stderr } = spawnSync('sh', [join(ROOT, 'scripts/install.sh')], { env });
  expect([status, stderr.toString()]).toEqual([0, '']);
  installed = join(folder, 'root/usr');
}, 120_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Runs a program that has to go well, and gives what it prints. */
function run(file: string, ...argv: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(file, argv, { cwd: folder, encoding: 'utf8' });
  expect(status, `${file} ${argv.join(' ')}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** Everything a command line can do, once; the image that it makes has the same bytes everywhere. */
function smoke(...cramfs: readonly [string, ...string[]]): void {
  const [file, ...before] = cramfs;
  const go = (...argv: string[]): string => run(file, ...before, ...argv);
  const target = mkdtempSync(join(folder, 'smoke-'));
  const image = join(target, 'a.img');
  go('build', SAMPLE, image, '--xip', '--workers', '3');
  const own = join(folder, 'own.img');
  if (!existsSync(own)) run(process.execPath, launcher('cramfs'), 'build', SAMPLE, own, '--xip');
  expect(readFileSync(image).equals(readFileSync(own))).toBe(true);
  go('build', SAMPLE, `${image}.zst`, '--xip');
  expect(go('diff', image, `${image}.zst`)).toBe('');
  expect(go('ls', image)).toContain('armhf');
  expect(go('check', image)).toMatch(/: OK/);
  expect(go('map', '--simulate', image)).toContain('/armhf/bin/greet');
  expect(go('info', '--json', image)).toContain('"ok": true');
  go('extract', image, '-C', join(target, 'out'), '--workers', '3');
  expect(readFileSync(join(target, 'out/armhf/bin/greet'))).toEqual(
    readFileSync(join(SAMPLE, 'armhf/bin/greet')),
  );
  go('tar', image, '-o', join(target, 'a.tar'));
  go('build', join(target, 'a.tar'), join(target, 'b.img'), '--xip');
  // With threads, and with what is done for large sources only.
  const large = join(target, 'large');
  mkdirSync(large);
  writeFileSync(join(large, 'text'), 'Some text for a file. '.repeat(200_000));
  writeFileSync(join(large, 'zeros'), new Uint8Array(1_000_000));
  for (const name of ['first.img', 'second.img']) {
    const cache = ['--cache', join(target, 'cache')];
    const argv = [...before, 'build', large, join(target, name), '--workers', '3', ...cache];
    const { status, stderr } = spawnSync(file, argv, { cwd: folder, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  }
  expect(go('diff', join(target, 'first.img'), join(target, 'second.img'))).toBe('');
}

describe('the one file', () => {
  test('does everything, without any other file', () => {
    run('cp', join(ROOT, 'dist/cramfs.cjs'), join(folder, 'alone.cjs'));
    smoke(process.execPath, 'alone.cjs');
  }, 120_000);

  test('says how a bad command line is meant', () => {
    const argv = [join(ROOT, 'dist/cramfs.cjs'), 'ls', '--jsn'];
    const { status, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
    expect(status).toBe(16);
    expect(stderr).toContain("unknown option: --jsn; did you mean '--json'?\n");
  });
});

test('the single executable does everything', () => {
  const path = join(folder, 'executable');
  writeExecutable(join(ROOT, 'dist/cramfs.cjs'), path);
  smoke(path);
}, 120_000);

describe.skipIf(NODES.length === 0)('other versions of Node.js', () => {
  test.each(NODES)(
    '%s',
    (node) => {
      const version = run(node, '--version').slice(1).trim();
      if (Number.parseInt(version) >= 20) {
        smoke(node, launcher('cramfs'));
        smoke(node, join(ROOT, 'dist/cramfs.cjs'));
        return;
      }
      for (const file of [launcher('cramfs'), join(ROOT, 'dist/cramfs.cjs')]) {
        const { status, stdout, stderr } = spawnSync(node, [file, '--help'], { encoding: 'utf8' });
        expect([status, stdout]).toEqual([1, '']);
        expect(stderr).toBe(`cramfs: needs Node.js 20.19 or later; this is ${version}\n`);
      }
    },
    240_000,
  );
});

describe('the install target', () => {
  test('commands run under all their names', () => {
    expect(run(join(installed, 'bin/cramfs'), '--version')).toMatch(/^cramfs \d/);
    expect(run(join(installed, 'bin/xip-emu'), '--version')).toMatch(/^xip-emu \d/);
    for (const name of ['mkcramfs', 'mkfs.cramfs']) {
      expect(run(join(installed, 'sbin', name), '-V')).toMatch(/^mkcramfs \d/);
    }
    for (const name of ['fsck.cramfs', 'cramfsck']) {
      expect(run(join(installed, 'sbin', name), '-V')).toMatch(/^fsck.cramfs \d/);
    }
  });

  test('every command has a manual page with all its options', async () => {
    for (const entry of COMMANDS) {
      const { name } = entry;
      const page = readFileSync(join(installed, `share/man/man1/cramfs-${name}.1`), 'utf8');
      for (const option of Object.keys((await entry.load()).shape.options)) {
        expect(page, `${name} ${option}`).toContain(option.replaceAll('-', '\\-'));
      }
    }
  });

  test.skipIf(!has('man'))(
    'man(1) finds nothing wrong with the pages',
    () => {
      for (const section of ['man1', 'man8']) {
        const pages = join(installed, 'share/man', section);
        for (const page of readdirSync(pages)) {
          const argv = ['--warnings', '-E', 'UTF-8', '-l', join(pages, page)];
          const { stdout, stderr } = spawnSync('man', argv, { cwd: join(installed, 'share/man') });
          expect([page, stderr.toString()]).toEqual([page, '']);
          expect(stdout.length).toBeGreaterThan(500);
        }
      }
    },
    120_000,
  );
});

test('completion of three shells is installed', () => {
  for (const file of [
    'bash-completion/completions/cramfs',
    'zsh/site-functions/_cramfs',
    'fish/vendor_completions.d/cramfs.fish',
  ]) {
    expect(readFileSync(join(installed, 'share', file), 'utf8')).toContain('--help');
  }
});
