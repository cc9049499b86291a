import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CramfsError, formatMode } from 'cramfs-format';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { builtModule } from '../../../../test/helpers/built.js';
import { listTree } from '../../../../test/helpers/tree-listing.js';
import type { DirectoryEntry, FileEntry, Problem } from '../tree.js';
import { walkTree } from '../walk.js';
import {
  decodeRdev,
  fileId,
  readDirectorySource,
  type DirectorySourceOptions,
} from './directory-source.js';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'directory-source-'));
  chmodSync(root, 0o755);
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function scan(options: Partial<DirectorySourceOptions> = {}): {
  tree: DirectoryEntry;
  problems: Problem[];
} {
  const problems: Problem[] = [];
  const onProblem = (problem: Problem): void => {
    problems.push(problem);
  };
  return { tree: readDirectorySource(root, { onProblem, ...options }), problems };
}

/** The lines of the tree below the root without owners, which depend on who runs this. */
async function lines(tree: DirectoryEntry): Promise<string[]> {
  return (await listTree(tree)).slice(1).map((line) => line.replace(/ \d+:\d+ /, ' '));
}

test('files, directories, symbolic links, fifos, sockets, with all mode bits', async () => {
  mkdirSync(join(root, 'sub/empty'), { recursive: true });
  chmodSync(join(root, 'sub/empty'), 0o1777);
  writeFileSync(join(root, 'sub/su'), 'content');
  chmodSync(join(root, 'sub/su'), 0o6751);
  symlinkSync('../nowhere', join(root, 'sub/link'));
  writeFileSync(join(root, 'zero'), '');
  expect(spawnSync('mkfifo', ['-m', '640', join(root, 'fifo')]).status).toBe(0);
  const server = createServer().listen(join(root, 'socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    const { tree, problems } = scan();
    expect(problems).toEqual([]);
    const socket = tree.children.get('socket')!;
    expect([socket.type, formatMode(socket.mode).charAt(0)]).toEqual(['socket', 's']);
    tree.children.delete('socket');
    expect(await lines(tree)).toEqual([
      'prw-r----- /fifo',
      'drwxr-xr-x /sub',
      'drwxrwxrwt /sub/empty',
      'lrwxrwxrwx /sub/link -> ../nowhere',
      '-rwsr-s--x /sub/su [7] content',
      '-rw-r--r-- /zero [0]',
    ]);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test('names and link targets are bytes, all of them', async () => {
  const all = Buffer.from(Array.from({ length: 255 }, (_, index) => index + 1)).filter(
    (byte) => byte !== 0x2f,
  );
  const names = [all.subarray(0, 127), all.subarray(127), Buffer.from('caf\u00e9 \n"x')];
  for (const name of names) writeFileSync(Buffer.concat([Buffer.from(`${root}/`), name]), 'x');
  symlinkSync(Buffer.from([0xff, 0xfe, 0x2f, 0x0a]), join(root, 'link'));
  const { tree, problems } = scan();
  expect(problems).toEqual([]);
  const expected = [...names.map((name) => name.toString('latin1')), 'link'];
  expect([...tree.children.keys()].sort()).toEqual(expected.sort());
  expect(tree.children.get('link')).toMatchObject({ target: '\xff\xfe/\n' });
  for (const name of names) {
    const file = tree.children.get(name.toString('latin1')) as FileEntry;
    expect(Buffer.from(await file.read()).toString()).toBe('x');
  }
});

test('names of a hard link are files of their own', async () => {
  writeFileSync(join(root, 'a'), 'same');
  linkSync(join(root, 'a'), join(root, 'b'));
  expect(await lines(scan().tree)).toEqual(['-rw-r--r-- /a [4] same', '-rw-r--r-- /b [4] same']);
});

test('owner and group', () => {
  writeFileSync(join(root, 'a'), '');
  if (isRoot) chownSync(join(root, 'a'), 70000, 300);
  const { uid, gid } = scan().tree.children.get('a')!;
  expect([uid, gid]).toEqual(isRoot ? [70000, 300] : [process.getuid?.(), process.getgid?.()]);
});

test('device nodes of the machine', () => {
  const tree = readDirectorySource('/dev', { onProblem: () => undefined });
  expect(tree.children.get('null')).toMatchObject({
    type: 'char-device',
    rdev: { major: 1, minor: 3 },
  });
  expect(tree.children.get('zero')).toMatchObject({ rdev: { major: 1, minor: 5 } });
});

test.each([
  [0x0103n, 1, 3],
  [0xfffffn, 0xfff, 0xff],
  [0x111032cn, 0x103, 0x112c],
  [0xabcde000_00000000n, 0xabcde000, 0],
  [0x00000fff_fff00000n, 0, 0xffffff00],
  [0xffffffff_ffffffffn, 0xffffffff, 0xffffffff],
])('device number %s as the C library encodes it', (rdev, major, minor) => {
  expect(decodeRdev(rdev)).toEqual({ major, minor });
});

describe('the root', () => {
  test('may be a symbolic link or end with a slash; its own attributes count', async () => {
    writeFileSync(join(root, 'a'), 'x');
    chmodSync(root, 0o711);
    const link = `${root}.link`;
    symlinkSync(root, link);
    const directory = root;
    for (const path of [link, `${link}/`, `${directory}/`]) {
      root = path;
      const { tree } = scan();
      expect(formatMode(tree.mode)).toBe('drwx--x--x');
      expect(await lines(tree)).toEqual(['-rw-r--r-- /a [1] x']);
    }
    root = directory;
    rmSync(link);
  });

  test('must be a directory', () => {
    const directory = root;
    writeFileSync(join(root, 'file'), '');
    for (const [path, message] of [
      [join(directory, 'file'), 'not a directory'],
      [join(directory, 'none'), 'cannot be read: no such file or directory (ENOENT)'],
      [join(directory, 'file/x'), 'cannot be read: not a directory (ENOTDIR)'],
    ] as const) {
      root = path;
      expect(() => scan()).toThrow(
        expect.objectContaining({ name: 'CramfsError', code: 'BAD_SOURCE', message, path }),
      );
    }
    root = directory;
  });
});

describe('leaving out', () => {
  test('by path, with everything below', async () => {
    mkdirSync(join(root, 'a/b'), { recursive: true });
    writeFileSync(join(root, 'a/b/c'), '');
    writeFileSync(join(root, 'a/d'), '');
    const seen: string[] = [];
    const exclude = (path: string): boolean => {
      seen.push(path);
      return path === '/a/b';
    };
    expect(await lines(scan({ exclude }).tree)).toEqual(['drwxr-xr-x /a', '-rw-r--r-- /a/d [0]']);
    expect(seen).toEqual(['/a', '/a/b', '/a/d']);
  });

  test('the file to be replaced is refused, under whatever name, unless excluded', async () => {
    writeFileSync(join(root, 'image'), 'old');
    linkSync(join(root, 'image'), join(root, 'other'));
    writeFileSync(join(root, 'file'), '');
    const output = fileId(join(root, 'image'))!;
    expect(() => scan({ output })).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST', path: '/image' }) as Error,
    );
    expect(() => scan({ output, exclude: (path) => path === '/image' })).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST', path: '/other' }) as Error,
    );
    const { tree } = scan({ output, exclude: (path) => path !== '/file' });
    expect(await lines(tree)).toEqual(['-rw-r--r-- /file [0]']);
    expect(fileId(join(root, 'none'))).toBeUndefined();
  });
});

test('a file that changes after the scan fails when it is read', () => {
  writeFileSync(join(root, 'a'), 'x');
  const file = scan().tree.children.get('a') as FileEntry;
  truncateSync(join(root, 'a'), 100);
  expect(() => {
    void file.read();
  }).toThrow(
    expect.objectContaining({
      code: 'BAD_SOURCE',
      message: 'changed while it was read',
      path: '/a',
    }),
  );
});

describe('unreadable parts', () => {
  /** What a user who owns nothing finds; root ignores modes, so a child process drops root. */
  function scanAsNobody(skipUnreadable: boolean): { problems: Problem[]; names: string[] } {
    const script = `
      import { readDirectorySource } from ${JSON.stringify(builtModule('packages/mkcramfs/dist/node/directory-source.js'))};
      import { walkTree } from ${JSON.stringify(builtModule('packages/mkcramfs/dist/walk.js'))};
      const problems = [];
      const onProblem = (problem) => problems.push(problem);
      const tree = readDirectorySource(${JSON.stringify(root)}, { onProblem, skipUnreadable: ${String(skipUnreadable)} });
      console.log(JSON.stringify({ problems, names: [...walkTree(tree)].map(({ path }) => path) }));
    `;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
    });
    expect(child.stderr).toBe('');
    return JSON.parse(child.stdout) as { problems: Problem[]; names: string[] };
  }

  beforeEach(() => {
    writeFileSync(join(root, 'secret'), 'x', { mode: 0o000 });
    writeFileSync(join(root, 'public'), 'x');
    mkdirSync(join(root, 'closed'));
    writeFileSync(join(root, 'closed/x'), '');
    chmodSync(join(root, 'closed'), 0o000);
    symlinkSync('secret', join(root, 'link'));
  });
  afterEach(() => {
    chmodSync(join(root, 'closed'), 0o700);
  });

  test('is an error for each path, known after the scan', () => {
    const message = 'cannot be read: permission denied (EACCES)';
    expect(scanAsNobody(false)).toEqual({
      problems: [
        { severity: 'error', kind: 'unreadable', path: '/secret', message },
        { severity: 'error', kind: 'unreadable', path: '/closed', message },
      ],
      names: ['/', '/link', '/public'],
    });
  });

  test('or a warning, if it may be left out', () => {
    const message = 'left out: cannot be read: permission denied (EACCES)';
    expect(scanAsNobody(true)).toEqual({
      problems: [
        { severity: 'warning', kind: 'unreadable', path: '/secret', message },
        { severity: 'warning', kind: 'unreadable', path: '/closed', message },
      ],
      names: ['/', '/link', '/public'],
    });
  });

  test.skipIf(!isRoot)('is found when it is read, if the scan could not know', () => {
    const file = scan().tree.children.get('secret') as FileEntry;
    let error: unknown;
    process.seteuid!(NOBODY);
    try {
      void file.read();
    } catch (reason) {
      error = reason;
    } finally {
      process.seteuid!(0);
    }
    expect(error).toBeInstanceOf(CramfsError);
    expect(error).toMatchObject({
      code: 'BAD_SOURCE',
      message: 'cannot be read: permission denied (EACCES)',
      path: '/secret',
    });
  });
});

test('a tree of many entries', () => {
  for (let d = 0; d < 50; d += 1) {
    mkdirSync(join(root, String(d)));
    for (let f = 0; f < 200; f += 1) symlinkSync('x', join(root, `${d}/${f}`));
  }
  const { tree } = scan();
  expect([...walkTree(tree)]).toHaveLength(1 + 50 + 50 * 200);
});
