import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Folder } from './folder.js';
import { cramfs } from './run-cli.js';

/*
 * A process of the machine that runs the tests, compared with what the emulator says of the same program:
 * all is equal but addresses, and what the program did by itself.
 */

const SHELL = '/bin/sh';

/** What ldd prints: libraries by the paths at which the loader found them; undefined without glibc on x86-64. */
function objects(): string[] | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  try {
    const text = execFileSync('ldd', [SHELL], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const paths = [...text.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path!);
    return paths.some((path) => path.includes('ld-linux-x86-64.so.2'))
      ? [SHELL, ...paths]
      : undefined;
  } catch {
    return undefined;
  }
}

const found = objects();
const title = 'cramfs exec --compare with a process of this machine';

describe.skipIf(found === undefined)(
  found === undefined ? `${title} (no glibc on x86-64)` : title,
  () => {
    const folder = new Folder();

    /** An image with the shell, its loader and libraries, under the names that they have here. */
    async function shellImage(): Promise<string> {
      const root = folder.path('root');
      for (const path of found!) {
        const real = realpathSync(path);
        mkdirSync(root + dirname(real), { recursive: true });
        copyFileSync(real, root + real);
        if (real === path) continue;
        mkdirSync(root + dirname(path), { recursive: true });
        symlinkSync(real, root + path);
      }
      const image = folder.path('shell.img');
      expect((await cramfs(['build', root, image, '-q', '--quiet'])).code).toBe(0);
      return image;
    }

    /** What the kernel shows of a shell that waits. */
    async function smaps(env: Readonly<Record<string, string>>): Promise<string> {
      const shell = spawn(SHELL, ['-c', 'echo ready; read line'], {
        env: { LC_ALL: 'C', ...env },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      await once(shell.stdout, 'data');
      const text = readFileSync(`/proc/${shell.pid!}/smaps`, 'latin1');
      shell.stdin.end('\n');
      await once(shell, 'close');
      return folder.write('smaps', text);
    }

    test('equal: no line, exit 0', async () => {
      const argv = ['exec', await shellImage(), SHELL, '--compare', await smaps({})];
      expect(await cramfs(argv)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    });

    test('what the process mapped besides is a line', async () => {
      const libc = found!.find((path) => path.endsWith('/libc.so.6'))!;
      const preloaded = realpathSync(libc.replace(/libc\.so\.6$/, 'libm.so.6'));
      const argv = [
        'exec',
        await shellImage(),
        SHELL,
        '--compare',
        await smaps({ LD_PRELOAD: preloaded }),
      ];
      const { code, stdout } = await cramfs(argv);
      expect([code, stdout]).toEqual([1, `${preloaded} +0x0: mapped on the board only\n`]);
    });

    test('an image in place where the process was in RAM: a line for each area', async () => {
      const image = await shellImage();
      const inPlace = folder.path('in-place.img');
      await cramfs([
        'build',
        image.replace(/shell\.img$/, 'root'),
        inPlace,
        '-q',
        '--quiet',
        '--xip',
      ]);
      const { code, stdout } = await cramfs(['exec', inPlace, SHELL, '--compare', await smaps({})]);
      expect(code).toBe(1);
      const lines = stdout.trimEnd().split('\n');
      expect(lines.length).toBeGreaterThan(3);
      for (const line of lines)
        expect(line).toMatch(/ from ROM .*; on the board from RAM(?:, \d+ kB of it)?$/);
      expect(new Set(lines.map((line) => line.split(': ')[0])).size).toBe(lines.length);
    });
  },
);
