import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { openImage } from 'cramfs-reader';
import { extractImage, nodeZlib, type ExtractReport } from 'cramfs-reader/node';
import { describe, expect, test } from 'vitest';
import { interruptTool } from '../cli/run-cli.js';
import type { Workspace } from '../fuzz/workspace.js';
import {
  buildRawImage,
  directory,
  file,
  special,
  symlink,
  text,
  type RawNode,
  type RawTree,
} from '../helpers/raw-image.js';
import { onGround } from './ground.js';

/** Everything an extraction makes, in one directory that somebody may exchange. */
function treeOf(files: number): RawTree {
  const entries: [string, RawNode][] = [
    ['fifo', special(0o10666)],
    ['link', symlink('f1')],
    ['sub', directory({ f: file('below') }, { mode: 0o777 })],
  ];
  for (let index = 0; index < files; index += 1) {
    entries.push([`f${index}`, file(`content ${index}`, { mode: 0o4777 })]);
  }
  return { a: directory(entries, { mode: 0o777 }), b: directory({}), z: file('last') };
}

const image = openImage(buildRawImage(treeOf(300)).bytes, { zlib: nodeZlib });

function extract(
  { target }: Workspace,
  options: Parameters<typeof extractImage>[2],
): Promise<ExtractReport> {
  return extractImage(image, target, { preserveOwner: false, setuid: true, ...options });
}

// Only Linux has paths that start at an open directory.
describe.runIf(process.platform === 'linux')('a directory that becomes a symlink', () => {
  /** Moves `a` away, and has its name lead to somebody else's directory. */
  function exchange({ target }: Workspace): void {
    renameSync(join(target, 'a'), join(target, 'moved'));
    symlinkSync('../elsewhere', join(target, 'a'));
  }

  test.each([0, 2])('while files are written, by this thread and %d others', async (workers) => {
    await onGround(async (ground) => {
      let isExchanged = false;
      const { problems, files } = await extract(ground, {
        workers,
        onProgress: () => {
          if (!isExchanged) exchange(ground);
          isExchanged = true;
        },
      });
      expect(ground.findDamage()).toBeUndefined();
      // The files that were written went to the directory that had been made, the others nowhere.
      expect(files).toBeLessThan(302);
      const inside = readdirSync(join(ground.target, 'moved'));
      expect(inside.length + problems.length).toBeGreaterThan(302);
      expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(['TARGET_CHANGED']));
      expect(readFileSync(join(ground.target, 'z'), 'latin1')).toBe('last');
      ground.clear();
    });
  });

  test('before nodes, symlinks and attributes', async () => {
    await onGround(async (ground) => {
      const { problems } = await extract(ground, {
        workers: 0,
        onProgress: (done, total) => {
          if (done === total) exchange(ground);
        },
      });
      expect(problems.map(({ code, path }) => `${code} ${String(path)}`)).toEqual([
        'TARGET_CHANGED /a/fifo',
        'TARGET_CHANGED /a/link',
        'TARGET_CHANGED /a/sub',
        'TARGET_CHANGED /a',
      ]);
      expect(lstatSync(join(ground.target, 'moved')).mode & 0o777).toBe(0o700);
      ground.clear();
    });
  });

  test('again and again, by another process', async () => {
    await onGround(async (ground) => {
      const { target } = ground;
      mkdirSync(join(target, 'a'));
      symlinkSync('../elsewhere', join(target, 'other'));
      const swapper = spawn(process.execPath, ['-e', SWAPPER, target]);
      await once(swapper.stdout, 'data');
      try {
        for (const workers of [0, 2]) {
          await extract(ground, { workers, force: true });
          expect(ground.findDamage(), `with ${workers} workers`).toBeUndefined();
        }
      } finally {
        swapper.kill();
        await once(swapper, 'exit');
      }
      ground.clear();
    });
  });
});

/** Exchanges `a` and the symlink `other`, until it is killed. */
const SWAPPER = `
  const { renameSync } = require('node:fs');
  process.chdir(process.argv[1]);
  process.stdout.write('ready');
  const swap = () => {
    for (let count = 0; count < 1000; count += 1) {
      for (const [from, to] of [['a', 'hidden'], ['other', 'a'], ['a', 'other'], ['hidden', 'a']]) {
        try { renameSync(from, to); } catch {}
      }
    }
    setImmediate(swap);
  };
  swap();
`;

describe('an extraction that is interrupted', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('leaves whole files only: %s', async (signal, status) => {
    const content = text(0xffffff);
    const { bytes } = buildRawImage({
      a0: file(content),
      // More files than it can write meanwhile.
      ...Object.fromEntries(
        Array.from({ length: 100 }, (_, index) => [`b${index}`, file('', { sameAs: '/a0' })]),
      ),
    });
    await onGround(async ({ scratch, target }) => {
      const name = join(scratch, 'image');
      writeFileSync(name, bytes);
      const result = await interruptTool('cramfs', ['extract', name, '-C', target], signal, () =>
        readdirSync(target).includes('b0'),
      );
      expect(result).toEqual({
        status,
        signal: null,
        stderr: `cramfs: ${target}: interrupted\n`,
      });
      const made = readdirSync(target);
      expect(made.length).toBeLessThan(100);
      for (const path of made) {
        expect(readFileSync(join(target, path)).equals(content), path).toBe(true);
      }
    });
  });

  test('leaves no directory of its own', async () => {
    const tree = Array.from({ length: 1000 }, (_, at) => [`p${at}`, special(0o10600)] as const);
    await onGround(async ({ scratch, target }) => {
      const name = join(scratch, 'image');
      writeFileSync(name, buildRawImage(tree).bytes);
      const words = ['extract', name, '-C', target];
      const { status } = await interruptTool('cramfs', words, 'SIGTERM', () =>
        readdirSync(target).includes('p0'),
      );
      expect(status).toBe(143);
      const made = readdirSync(target);
      expect(made.length).toBeLessThan(1000);
      expect(made.filter((path) => !path.startsWith('p'))).toEqual([]);
    });
  });
});
