import { spawnSync } from 'node:child_process';
import { chownSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openImage } from 'cramfs-reader';
import { describe, expect, test } from 'vitest';
import { cramfs, launcher } from '../cli/run-cli.js';
import type { Workspace } from '../fuzz/workspace.js';
import { countedImage } from '../helpers/check-image.js';
import { directory, file, special, symlink, type RawTree } from '../helpers/raw-image.js';
import { exercise, extractHere, onGround } from './ground.js';

const isRoot = process.geteuid?.() === 0;
/** `nobody` of most systems; all that counts is that it is not root. */
const NOBODY = 65534;
const S_ISUID = 0o4000;
const S_ISGID = 0o2000;

function image(tree: RawTree): Uint8Array {
  return countedImage(tree, { flags: 1 }).bytes;
}

function modeOf(path: string): number {
  return lstatSync(path).mode & 0o7777;
}

/** Runs `cramfs extract` as somebody who is not root, into a directory of their own. */
function extractAsNobody(
  { scratch }: Workspace,
  bytes: Uint8Array,
  options: string[] = [],
): { status: number | null; stderr: string; target: string } {
  const target = join(scratch, 'nobody');
  const file = join(target, 'image');
  mkdirSync(target);
  writeFileSync(file, bytes, { mode: 0o644 });
  if (isRoot) chownSync(target, NOBODY, NOBODY);
  const { status, stderr } = spawnSync(
    process.execPath,
    [launcher('cramfs'), 'extract', ...options, file, '-C', join(target, 'out')],
    { ...nobody, cwd: '/' },
  );
  return { status, stderr: stderr.toString(), target: join(target, 'out') };
}

/** A container may not let us become somebody else, nor anybody else read this checkout. */
const nobody = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
const asNobody = test.skipIf(
  spawnSync(process.execPath, [launcher('cramfs'), '--version'], nobody).status !== 0,
);
const asRoot = test.skipIf(!isRoot);

describe('setuid and setgid', () => {
  const bytes = image({
    d: directory({ in: file('in') }, { mode: 0o2775 }),
    setgid: file('x', { mode: 0o2755 }),
    setuid: file('x', { mode: 0o4755 }),
    'setuid-unreadable': file('x', { mode: 0o4111 }),
  });
  const names = ['setgid', 'setuid', 'setuid-unreadable'];

  test('are left out where owners are, and named', async () => {
    await onGround(async (ground) => {
      for (const options of [{ preserveOwner: false }, { setuid: false }]) {
        const { report } = await extractHere(ground, bytes, {}, options);
        const dropped = report!.problems.filter(({ code }) => code === 'DROPPED_SETUID');
        expect(dropped.map(({ path }) => path)).toEqual(names.map((name) => `/${name}`));
        expect(dropped.every(({ severity }) => severity === 'warning')).toBe(true);
      }
    });
  });

  asRoot('as root with owners, they are kept', async () => {
    await onGround(async (ground) => {
      const file = join(ground.scratch, 'image');
      writeFileSync(file, bytes);
      const target = join(ground.target, 'out');
      expect((await cramfs(['extract', file, '-C', target])).code).toBe(0);
      expect(modeOf(join(target, 'setuid'))).toBe(0o4755);
      expect(modeOf(join(target, 'setgid'))).toBe(0o2755);
      const without = join(ground.target, 'without');
      expect((await cramfs(['extract', '--no-setuid', file, '-C', without])).code).toBe(0);
      expect(modeOf(join(without, 'setuid'))).toBe(0o755);
      expect(modeOf(join(without, 'setuid-unreadable'))).toBe(0o111);
      ground.clear();
    });
  });

  asNobody('as somebody else only when asked: it would be their setuid file', async () => {
    for (const [options, setId] of [
      [[], 0],
      [['--setuid'], S_ISUID | S_ISGID],
    ] as const) {
      await onGround((ground) => {
        const { status, stderr, target } = extractAsNobody(ground, bytes, [...options]);
        expect(status, stderr).toBe(0);
        for (const name of names) {
          const kept = modeOf(join(target, name)) & (S_ISUID | S_ISGID);
          expect(kept & ~setId, name).toBe(0);
          if (setId !== 0) expect(kept, name).not.toBe(0);
        }
        expect(stderr.includes('setuid')).toBe(setId === 0);
        expect(stderr).toContain('only root can set them');
      });
    }
  });
});

describe('device nodes', () => {
  const bytes = image({
    big: special(0o20666, 0xffffff),
    'block-offset': special(0o60660, 0x0801, { inode: { offset: 19 } }),
    null: special(0o20666, 0x0103),
  });

  test('have the numbers that Linux sees', () => {
    const opened = openImage(bytes);
    // include/linux/kdev_t.h:old_decode_dev() looks at 16 bits.
    expect(opened.lookup('/big').rdev).toEqual({ major: 255, minor: 255 });
    expect(opened.lookup('/null').rdev).toEqual({ major: 1, minor: 3 });
  });

  test('are not made unless asked for', async () => {
    const { findings, problems, extracted, exits } = await exercise(bytes);
    expect([...findings].sort()).toEqual(['device-number /big', 'special-offset /block-offset']);
    expect([...problems].sort()).toEqual(
      ['/big', '/block-offset', '/null'].map((path) => `SKIPPED_DEVICE ${path}`),
    );
    expect(extracted).toEqual([]);
    expect(exits).toMatchObject({ check: 0, extract: 0, tar: 0 });
  });

  asNobody('are not made by who is not root, even when asked for', async () => {
    await onGround((ground) => {
      const { status, stderr, target } = extractAsNobody(ground, bytes, ['--devices=create']);
      expect(status).toBe(8);
      expect(stderr.trim().split('\n').length).toBeGreaterThanOrEqual(3);
      expect(stderr).not.toContain('internal error');
      expect(readdirSync(target)).toEqual([]);
    });
  });

  test('and fifos are left out, one by one, where no command makes them', async () => {
    const pipes = image({ a: special(0o10666), b: special(0o10600), f: file('f') });
    const { PATH } = process.env;
    await onGround(async (ground) => {
      process.env['PATH'] = ground.scratch;
      try {
        const { report, extracted } = await extractHere(ground, pipes);
        const errors = report!.problems.filter(({ severity }) => severity === 'error');
        expect(errors.map(({ path, message }) => [path, message])).toEqual([
          ['/a', 'cannot run mkfifo'],
          ['/b', 'cannot run mkfifo'],
        ]);
        expect(extracted).toEqual(['f']);
      } finally {
        process.env['PATH'] = PATH;
      }
    });
  });

  test('of which the name is a trick are not made at all', async () => {
    const tricks = image([
      ['..', special(0o20666, 0x0103)],
      ['../null', special(0o20666, 0x0103)],
      ['l', symlink('../elsewhere')],
      ['l', directory({ null: special(0o20666, 0x0103), pipe: special(0o10666) })],
    ]);
    await onGround(async (ground) => {
      const { problems, extracted } = await extractHere(
        ground,
        tricks,
        {},
        { devices: isRoot ? 'create' : 'skip' },
      );
      expect(extracted).toEqual(['l']);
      expect(problems).toHaveLength(3);
    });
  });
});

describe('modes', () => {
  test('of no file type are left out, nothing else is', async () => {
    const types = Array.from({ length: 16 }, (_, type) => type);
    const bytes = image(
      types.map((type) => {
        const name = type.toString(16);
        return [name, special((type << 12) | 0o644, 0)] as const;
      }),
    );
    const { walk, findings, problems, extracted } = await exercise(bytes);
    const unknown = ['0', '3', '5', '7', '9', 'b', 'd', 'e', 'f'].map((name) => `/${name}`);
    expect(walk).toBe('ok');
    expect(findings.filter((finding) => finding.startsWith('bad-type'))).toEqual(
      unknown.map((path) => `bad-type ${path}`),
    );
    expect(problems).toEqual(expect.arrayContaining(unknown.map((path) => `BAD_ENTRY ${path}`)));
    // A fifo, an empty directory and an empty file; devices, a symlink and a socket are not made.
    expect(extracted).toEqual(['1', '4', '8']);
  });

  test('that lock us out come last', async () => {
    const sealed = directory({ file: file('x', { mode: 0 }) }, { mode: 0 });
    const bytes = countedImage(
      { a: directory({ sealed }, { mode: 0o111 }) },
      { root: { mode: 0o40000 } },
    ).bytes;
    for (const run of [1, 2]) {
      const { problems, extracted } = await exercise(bytes);
      expect(problems, `run ${run}`).toEqual([]);
      expect(extracted).toEqual(['a', 'a/sealed', 'a/sealed/file']);
    }
  });

  test('and owners of a root directory do not go to a directory that is in use', async () => {
    const { bytes } = countedImage({ f: file('f') }, { root: { mode: 0o40000, uid: 7, gid: 7 } });
    await onGround(async (ground) => {
      mkdirSync(join(ground.target, 'mine'));
      const before = lstatSync(ground.target);
      const image = join(ground.scratch, 'image');
      writeFileSync(image, bytes);
      expect((await cramfs(['extract', image, '-C', ground.target])).code).toBe(0);
      const after = lstatSync(ground.target);
      expect([after.mode, after.uid, after.gid]).toEqual([before.mode, before.uid, before.gid]);
      ground.clear();
    });
  });
});
