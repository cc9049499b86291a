import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/*
 * `npm install git+URL` by a stranger: a clone of the last commit, an empty project, an empty cache. npm
 * fetches what the build needs from the registry.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Why it cannot be tried here; undefined if it can. */
function missing(): string | undefined {
  if (!existsSync(join(ROOT, '.git'))) return 'not a git checkout';
  const { status } = spawnSync('npm', ['ping'], { timeout: 20_000 });
  return status === 0 ? undefined : 'no network';
}

const why = missing();
const title = 'npm install git+file:';

describe.skipIf(why !== undefined)(why === undefined ? title : `${title} (${why})`, () => {
  let folder: string;
  let project: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'git-install-'));
    project = join(folder, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{}');
    run('git', 'clone', '--quiet', '--bare', ROOT, join(folder, 'bare.git'));
    const options = ['--no-audit', '--no-fund', '--cache', join(folder, 'cache')];
    run('npm', 'install', ...options, `git+file://${join(folder, 'bare.git')}`);
  }, 900_000);
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** Runs a program in the project, as outside any npm script; gives what it prints. */
  function run(file: string, ...argv: readonly string[]): string {
    const env = Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_OPTIONS$/i.test(name));
    const { status, stdout, stderr } = spawnSync(file, argv, {
      cwd: project,
      env: Object.fromEntries(env),
      encoding: 'utf8',
    });
    expect(status, `${file} ${argv.join(' ')}\n${stdout}${stderr}`).toBe(0);
    return stdout;
  }

  test('gives commands that work, threads too', () => {
    const bin = (name: string): string => join(project, 'node_modules', '.bin', name);
    expect(run(bin('cramfs'), '--version')).toMatch(/^cramfs \d/);
    expect(run(bin('mkfs.cramfs'), '-V')).toMatch(/^mkcramfs \d/);
    const source = join(ROOT, 'samples/rootfs');
    run(bin('cramfs'), 'build', source, 'a.img', '--xip', '-q', '--workers', '2');
    expect(run(bin('cramfs'), 'check', 'a.img')).toMatch(/: OK/);
    expect(run(bin('cramfs'), 'map', 'a.img')).toContain('/armhf/bin/greet');
    run(bin('cramfs'), 'extract', 'a.img', '-C', 'out', '--workers', '2');
    run('diff', '-r', join(source, 'armhf'), 'out/armhf');
  });
});
