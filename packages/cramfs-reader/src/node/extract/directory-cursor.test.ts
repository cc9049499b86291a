import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { expect, test } from 'vitest';
import { withTemporaryDirectory } from '../../../../../test/helpers/peers.js';
import type { DirectoryCursor } from './directory-cursor.js';
import { withCursor } from './directory-cursor.js';
import { TargetDirectory } from './target-directory.js';

/** Calls `use` with an empty target and a cursor in it, held open or not. */
async function inTarget(
  use: (path: string, cursor: DirectoryCursor) => void,
  { held = true } = {},
): Promise<void> {
  await withTemporaryDirectory((path) => {
    mkdirSync(`${path}/target`);
    const target = new TargetDirectory(`${path}/target`);
    const location = held
      ? target.location
      : { ...target.location, path: Buffer.from(`${path}/target`), isHeld: false };
    try {
      withCursor(location, (cursor) => {
        use(path, cursor);
      });
    } finally {
      target.close();
    }
  });
}

/** Directories `d/d/d/...`, so deep that a cursor cannot have all of them open. */
const DEEP = Array.from({ length: 100 }, (_, index) => '/d'.repeat(index));

test.each([true, false])('leads into every directory, in any order; held: %s', async (held) => {
  await inTarget(
    (path, cursor) => {
      mkdirSync(`${path}/target${DEEP.at(-1)}`, { recursive: true });
      for (const directory of DEEP) writeFileSync(cursor.pathTo(`${directory}/f`), directory);
      const order = [...DEEP.keys()].sort((a, b) => ((a * 37) % 100) - ((b * 37) % 100));
      for (const index of order) {
        expect(readFileSync(cursor.pathTo(`${DEEP[index]!}/f`), 'latin1')).toBe(DEEP[index]);
        expect(readFileSync(`${path}/target${DEEP[index]!}/f`, 'latin1')).toBe(DEEP[index]);
      }
      expect(readdirSync(cursor.pathTo('/')).sort()).toEqual(['d', 'f']);
    },
    { held },
  );
});

test.runIf(process.platform === 'linux')(
  'has few directories open, and none at the end',
  async () => {
    const openFiles = (): number => readdirSync('/proc/self/fd').length;
    let before = 0;
    await inTarget((path, cursor) => {
      before = openFiles();
      mkdirSync(`${path}/target${DEEP.at(-1)}`, { recursive: true });
      cursor.pathTo(`${DEEP.at(-1)}/f`);
      expect(openFiles() - before).toBeLessThan(40);
      cursor.close();
      expect(openFiles()).toBe(before);
      cursor.pathTo(`${DEEP[50]!}/f`);
    });
    expect(openFiles()).toBeLessThan(before);
  },
);

test.runIf(process.platform === 'linux')(
  'stays where it is when a directory is exchanged',
  async () => {
    await inTarget((path, cursor) => {
      mkdirSync(`${path}/target/a/b`, { recursive: true });
      mkdirSync(`${path}/outside/b`, { recursive: true });
      const inside = cursor.pathTo('/a/b/f');
      renameSync(`${path}/target/a`, `${path}/moved`);
      symlinkSync('../outside', `${path}/target/a`);
      writeFileSync(inside, '');
      expect(readdirSync(`${path}/moved/b`)).toEqual(['f']);
      // The link that comes back must not be followed.
      cursor.pathTo('/x');
      for (const name of ['/a/f', '/a/b/f']) {
        expect(() => cursor.pathTo(name)).toThrow('another program has changed the target');
      }
      writeFileSync(cursor.pathTo('/f'), '');
      expect(readdirSync(`${path}/outside/b`)).toEqual([]);
      expect(readdirSync(`${path}/target`).sort()).toEqual(['a', 'f']);
    });
  },
);

test('names that nobody could use are errors', async () => {
  await inTarget((_, cursor) => {
    expect(() => cursor.pathTo(`/${'n'.repeat(4096)}`)).toThrow('ENAMETOOLONG');
  });
});
