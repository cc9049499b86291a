import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, test } from 'vitest';
import { builtModule } from '../../../../test/helpers/built.js';
import { compatTree } from '../../../../test/helpers/compat-tree.js';
import { describeTree, treeDifferences } from '../../../../test/helpers/disk-trees.js';
import {
  describeWithPeers,
  extractWithFsck,
  runPeerOk,
  withTemporaryDirectory,
} from '../../../../test/helpers/peers.js';
import {
  buildRawImage,
  concat,
  directory,
  file,
  noise,
  special,
  symlink,
  text,
  type RawTree,
} from '../../../../test/helpers/raw-image.js';
import { writeTree } from '../../../../test/helpers/write-tree.js';
import { openImage } from '../image.js';
import { extractImage, type ExtractOptions, type ExtractReport } from './extract.js';
import { nodeZlib } from './zlib.js';

const isRoot = process.getuid?.() === 0;
/** Only root can make a file system that is soon full, and not in every container. */
const canMount = isRoot && (await withTemporaryDirectory(tryMount));

function tryMount(path: string): boolean {
  if (spawnSync('mount', ['-t', 'tmpfs', 'none', path]).status !== 0) return false;
  return spawnSync('umount', [path]).status === 0;
}

async function extract(
  tree: RawTree,
  target: string,
  options: ExtractOptions = {},
): Promise<ExtractReport> {
  const image = openImage(buildRawImage(tree).bytes, { zlib: nodeZlib });
  return extractImage(image, target, { preserveOwner: false, ...options });
}

/** `severity code path` of each problem. */
function problemsOf({ problems }: ExtractReport): string[] {
  return problems.map(({ severity, code, path }) => `${severity} ${code} ${String(path)}`);
}

describe('extractImage', () => {
  test('content, modes whatever the umask, times, symlinks, names of any bytes', async () => {
    await withTemporaryDirectory(async (path) => {
      const umask = process.umask(0o077);
      const report = await extract(
        {
          bin: directory({ tool: file(noise(9000), { mode: 0o755, blocks: 'DZC' }) }),
          sealed: directory({ in: directory({ a: file('a') }, { mode: 0 }) }, { mode: 0o555 }),
          empty: file('', { mode: 0o604 }),
          link: symlink('bin/tool'),
          'raw\xff': file('raw', { mode: 0 }),
        },
        `${path}/new/out`,
      );
      process.umask(umask);
      expect(report).toEqual({
        directories: 3,
        files: 4,
        symlinks: 1,
        nodes: 0,
        bytes: 9004,
        problems: [],
      });
      const out = `${path}/new/out`;
      expect(readFileSync(`${out}/bin/tool`).equals(noise(9000))).toBe(true);
      const modes = ['', '/bin', '/bin/tool', '/sealed', '/empty'].map(
        (name) => statSync(out + name).mode & 0o7777,
      );
      expect(modes).toEqual([0o755, 0o755, 0o755, 0o555, 0o604]);
      for (const name of ['', '/bin', '/bin/tool', '/link', '/sealed']) {
        expect(lstatSync(out + name).mtimeMs).toBe(0);
      }
      expect(readlinkSync(`${out}/link`)).toBe('bin/tool');
      expect(lstatSync(Buffer.from(`${out}/raw\xff`, 'latin1')).size).toBe(3);
      chmodSync(`${out}/sealed`, 0o755);
      chmodSync(`${out}/sealed/in`, 0o755);
    });
  });

  test.each([0, 1, 2])('the same tree with %d workers', async (workers) => {
    const tree: RawTree = Object.fromEntries(
      Array.from({ length: 150 }, (_, index) => [
        `f${index}`,
        index % 3 === 0 ? directory({ x: file(noise(100_000, index)) }) : file(text(50, index)),
      ]),
    );
    await withTemporaryDirectory(async (path) => {
      const progress: number[] = [];
      const report = await extract(tree, `${path}/out`, {
        workers,
        onProgress: (done, total) => {
          progress.push(done / total);
        },
      });
      expect(report).toMatchObject({ files: 150, directories: 50, problems: [] });
      expect(progress.length).toBeGreaterThan(1);
      expect(progress.at(-1)).toBe(1);
      for (let index = 0; index < 150; index += 1) {
        const [name, content] =
          index % 3 === 0 ? [`f${index}/x`, noise(100_000, index)] : [`f${index}`, text(50, index)];
        expect(readFileSync(`${path}/out/${name}`).equals(content)).toBe(true);
      }
    });
  });

  test('holes stay holes, wherever they are', async () => {
    const data = noise(4096);
    const zeros = (blocks: number): Uint8Array => new Uint8Array(blocks * 4096);
    const contents: Record<string, [Uint8Array, string]> = {
      middle: [concat(data, zeros(1000), data), `D${'H'.repeat(1000)}D`.replace(/H/g, 'z')],
      end: [concat(data, zeros(1000)), `C${'H'.repeat(1000)}`],
      start: [concat(zeros(1000), data.subarray(0, 7)), `${'H'.repeat(1000)}C`],
      all: [new Uint8Array(4096 * 1000 - 5), 'H'.repeat(1000)],
    };
    await withTemporaryDirectory(async (path) => {
      const tree = Object.entries(contents).map(
        ([name, [content, blocks]]) => [name, file(content, { blocks })] as const,
      );
      expect((await extract(tree, `${path}/out`)).problems).toEqual([]);
      for (const [name, [content]] of Object.entries(contents)) {
        const target = `${path}/out/${name}`;
        expect(readFileSync(target).equals(content), name).toBe(true);
        expect(statSync(target).blocks * 512, name).toBeLessThan(100_000);
      }
    });
  });

  test('a part, with its parents', async () => {
    await withTemporaryDirectory(async (path) => {
      const tree = {
        a: directory({ b: directory({ c: file('c'), d: file('d') }, { mode: 0o700 }) }),
        e: file('e'),
      };
      const report = await extract(tree, path, { paths: ['a/b/c', 'nothing'] });
      expect(problemsOf(report)).toEqual(['error NOT_FOUND undefined']);
      expect([...describeTree(path).keys()]).toEqual(['.', 'a', 'a/b', 'a/b/c']);
      expect(statSync(`${path}/a/b`).mode & 0o777).toBe(0o700);
    });
  });

  test('a bad glob is refused before anything is made', async () => {
    await withTemporaryDirectory(async (path) => {
      await expect(extract({}, `${path}/out`, { paths: ['a[b'] })).rejects.toThrow('bad glob');
      expect(readdirSync(path)).toEqual([]);
    });
  });

  test('existing files stay, unless asked otherwise', async () => {
    await withTemporaryDirectory(async (path) => {
      const tree = {
        a: file('new'),
        d: directory({ e: file('new'), f: file('new') }, { mode: 0o755 }),
        l: symlink('new'),
      };
      mkdirSync(`${path}/d`);
      writeFileSync(`${path}/a`, 'old');
      writeFileSync(`${path}/d/e`, 'old');
      symlinkSync('old', `${path}/l`);
      const report = await extract(tree, path);
      expect(problemsOf(report)).toEqual([
        'error EEXIST /a',
        'error EEXIST /d/e',
        'error EEXIST /l',
      ]);
      expect(report.problems[0]?.message).toBe('EEXIST: file already exists, open');
      expect(readFileSync(`${path}/d/f`, 'utf8')).toBe('new');
      expect(readFileSync(`${path}/d/e`, 'utf8')).toBe('old');

      chmodSync(`${path}/d`, 0o500);
      expect(problemsOf(await extract(tree, path, { force: true }))).toEqual([]);
      expect(readFileSync(`${path}/a`, 'utf8')).toBe('new');
      expect(readFileSync(`${path}/d/e`, 'utf8')).toBe('new');
      expect(readlinkSync(`${path}/l`)).toBe('new');
    });
  });

  test('never removes a directory', async () => {
    await withTemporaryDirectory(async (path) => {
      mkdirSync(`${path}/a/precious`, { recursive: true });
      const report = await extract({ a: file('a') }, path, { force: true });
      expect(problemsOf(report)).toEqual(['error EISDIR /a']);
      expect(existsSync(`${path}/a/precious`)).toBe(true);
    });
  });

  test('the attributes of the root go to a new or empty directory only', async () => {
    await withTemporaryDirectory(async (path) => {
      const image = openImage(buildRawImage({ a: file('a') }, { root: { mode: 0o40711 } }).bytes);
      for (const name of ['new', 'empty', 'used']) {
        if (name !== 'new') mkdirSync(`${path}/${name}`, { mode: 0o700 });
        if (name === 'used') writeFileSync(`${path}/used/x`, '');
        await extractImage(image, `${path}/${name}`, { preserveOwner: false });
      }
      const modes = ['new', 'empty', 'used'].map(
        (name) => statSync(`${path}/${name}`).mode & 0o777,
      );
      expect(modes).toEqual([0o711, 0o711, 0o700]);
    });
  });

  test('setuid bits only when asked, unless owners are kept', async () => {
    await withTemporaryDirectory(async (path) => {
      const tree = {
        su: file('x', { mode: 0o4755 }),
        wall: file('x', { mode: 0o2755 }),
        shared: directory({}, { mode: 0o2775 }),
        tmp: directory({}, { mode: 0o1777 }),
      };
      const report = await extract(tree, `${path}/a`);
      expect(problemsOf(report)).toEqual([
        'warning DROPPED_SETUID /su',
        'warning DROPPED_SETUID /wall',
      ]);
      const modes = (name: string): number[] =>
        Object.keys(tree).map((entry) => statSync(`${path}/${name}/${entry}`).mode & 0o7777);
      expect(modes('a')).toEqual([0o755, 0o755, 0o2775, 0o1777]);
      expect(problemsOf(await extract(tree, `${path}/b`, { setuid: true }))).toEqual([]);
      expect(modes('b')).toEqual([0o4755, 0o2755, 0o2775, 0o1777]);
    });
  });

  test('devices that are not made, and sockets, are named', async () => {
    await withTemporaryDirectory(async (path) => {
      const tree = {
        null: special(0o20666, 0x0103),
        sda: special(0o60660, 0x0800),
        socket: special(0o140600),
      };
      const report = await extract(tree, path, { devices: 'skip' });
      expect(report.problems).toMatchObject([
        { code: 'SKIPPED_DEVICE', path: '/null', message: 'a character device 1,3: left out' },
        { code: 'SKIPPED_DEVICE', path: '/sda', message: 'a block device 8,0: left out' },
        { code: 'SKIPPED_SOCKET', path: '/socket' },
      ]);
      expect(readdirSync(path)).toEqual([]);
    });
  });

  test('fifos, whatever their names are, and no temporary files remain', async () => {
    await withTemporaryDirectory(async (path) => {
      const tree = { d: directory({ '-m \xff': special(0o10640), b: special(0o10600) }) };
      const report = await extract(tree, path);
      expect(report).toMatchObject({ nodes: 2, problems: [] });
      const found = describeTree(path);
      expect([...found]).toEqual([
        ['.', 'drwxr-xr-x'],
        ['d', 'drwxr-xr-x'],
        ['d/-m \xff', 'prw-r-----'],
        ['d/b', 'prw-------'],
      ]);
    });
  });

  test.runIf(isRoot)('owners and device nodes, as root', async () => {
    await withTemporaryDirectory(async (path) => {
      const options = { preserveOwner: undefined };
      const report = await extract(
        {
          a: file('x', { mode: 0o6755, uid: 12, gid: 34 }),
          d: directory({}, { uid: 65535, gid: 255 }),
          l: symlink('a', { uid: 1, gid: 2 }),
          p: special(0o10600, 0, { uid: 3 }),
        },
        path,
        options,
      );
      expect(report.problems).toEqual([]);
      const owners = ['a', 'd', 'l', 'p'].map((name) => {
        const { uid, gid } = lstatSync(`${path}/${name}`);
        return [uid, gid];
      });
      expect(owners).toEqual([
        [12, 34],
        [65535, 255],
        [1, 2],
        [3, 0],
      ]);
      expect(statSync(`${path}/a`).mode & 0o7777).toBe(0o6755);

      const devices = await extract({ null: special(0o20666, 0x0103) }, `${path}/dev`, options);
      // In a container even root may not make devices.
      if (devices.nodes === 1) {
        const { rdev, mode } = lstatSync(`${path}/dev/null`);
        expect([rdev, mode]).toEqual([0x0103, 0o20666]);
      } else {
        expect(problemsOf(devices)).toEqual(['error UNSUPPORTED /null']);
      }
    });
  });

  test('damaged files are left out, or zeros replace the damage', async () => {
    const content = text(3 * 4096);
    const tree = {
      a: file(content, {
        blocks: [{ kind: 'C' }, { kind: 'C', stored: noise(50) }, { kind: 'C' }],
      }),
      b: file('b'),
      c: file('c', { inode: { size: 9000, offset: 0x3ffffff } }),
    };
    await withTemporaryDirectory(async (path) => {
      for (const workers of [0, 2]) {
        const removed = await extract(tree, `${path}/removed${workers}`, { workers });
        expect(problemsOf(removed)).toEqual(['error BAD_DATA /a', 'error OUT_OF_RANGE /c']);
        expect(removed.files).toBe(1);
        expect(readdirSync(`${path}/removed${workers}`)).toEqual(['b']);

        const options = { workers, damage: 'zeros' } as const;
        const zeros = await extract(tree, `${path}/zeros${workers}`, options);
        expect(problemsOf(zeros)).toEqual(problemsOf(removed));
        expect(zeros.files).toBe(3);
        const expected = content.slice();
        expected.fill(0, 4096, 8192);
        expect(readFileSync(`${path}/zeros${workers}/a`).equals(expected)).toBe(true);
        expect(readFileSync(`${path}/zeros${workers}/c`).equals(new Uint8Array(9000))).toBe(true);
      }
    });
  });

  test('a target that cannot be made', async () => {
    await withTemporaryDirectory(async (path) => {
      writeFileSync(`${path}/file`, '');
      await expect(extract({ a: file('a') }, `${path}/file`)).rejects.toThrow('ENOTDIR');
      await expect(extract({ a: file('a') }, `${path}/file/b`)).rejects.toThrow('ENOTDIR');
      await expect(extract({ a: file('a') }, '/proc/no/such/place')).rejects.toThrow('ENOENT');
    });
  });

  test.runIf(canMount)('a full disk ends it', async () => {
    await withTemporaryDirectory(async (path) => {
      spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', path]);
      try {
        const names = ['a', 'b', 'c', 'd', 'e', 'f'];
        const tree = Object.fromEntries(names.map((name, at) => [name, file(noise(100_000, at))]));
        const report = await extract({ ...tree, link: symlink('a') }, path);
        expect(problemsOf(report)).toEqual(['error ENOSPC /c']);
        expect(report.problems[0]?.message).toMatch(/^stopped here: ENOSPC/);
        expect(readdirSync(path).sort()).toEqual(['a', 'b']);
      } finally {
        spawnSync('umount', [path]);
      }
    });
  });
});

describe('hostile images', () => {
  const evil = file('evil');

  /** A directory with a target and, beside it, what must not be touched. */
  async function attack(
    tree: RawTree,
    options: ExtractOptions = {},
    prepare: (target: string) => void = () => undefined,
  ): Promise<{ problems: string[]; inside: string[] }> {
    return withTemporaryDirectory(async (path) => {
      const target = `${path}/a/b/target`;
      mkdirSync(target, { recursive: true });
      mkdirSync(`${path}/victim`);
      writeFileSync(`${path}/victim/passwd`, 'good');
      prepare(target);
      const outside = { except: (name: string) => name.startsWith('a/b/target') };
      const before = describeTree(path, outside);
      const report = await extract(tree, target, options);
      expect(describeTree(path, outside)).toEqual(before);
      expect(lstatSync(target).isDirectory()).toBe(true);
      return { problems: problemsOf(report), inside: [...describeTree(target).keys()].slice(1) };
    });
  }

  test("'..', '.', absolute and empty names, NUL", async () => {
    const sub = directory({ passwd: evil });
    const { problems, inside } = await attack([
      ['..', sub],
      ['.', sub],
      ['../../../victim', sub],
      ['../../../victim/passwd', evil],
      ['/etc', sub],
      ['x\0y', evil],
      ['good', evil],
    ]);
    expect(problems).toEqual([
      'error BAD_ENTRY /..',
      'error BAD_ENTRY /.',
      'error BAD_ENTRY /../../../victim',
      'error BAD_ENTRY /../../../victim/passwd',
      'error BAD_ENTRY //etc',
      'error BAD_ENTRY /x\0y',
    ]);
    expect(inside).toEqual(['good']);
    const empty = file('', { rawName: new Uint8Array(0) });
    expect(
      (
        await attack([
          ['a', evil],
          ['empty', empty],
        ])
      ).problems,
    ).toEqual(['error BAD_ENTRY /']);
  });

  test.each([{ force: false }, { force: true }])(
    'a symlink and then a file or directory with its name, force: $force',
    async ({ force }) => {
      const { problems, inside } = await attack(
        [
          ['f', symlink('../../../victim/passwd')],
          ['f', evil],
          ['d', symlink('../../../victim')],
          ['d', directory({ passwd: evil, more: evil })],
        ],
        { force },
      );
      expect(problems).toEqual(['error BAD_ENTRY /f', 'error BAD_ENTRY /d']);
      expect(inside).toEqual(['d', 'f']);
    },
  );

  test('the other way round', async () => {
    const { problems, inside } = await attack([
      ['d', directory({ passwd: evil })],
      ['d', symlink('../../../victim')],
      ['f', evil],
      ['f', symlink('../../../victim/passwd')],
    ]);
    expect(problems).toEqual(['error BAD_ENTRY /d', 'error BAD_ENTRY /f']);
    expect(inside).toEqual(['d', 'd/passwd', 'f']);
  });

  test('symlinks that were in the target before are not followed', async () => {
    const tree = {
      dir: directory({ passwd: evil, sub: directory({ x: evil }) }),
      file: evil,
      fifo: special(0o10600),
      link: symlink('elsewhere'),
    };
    const prepare = (target: string): void => {
      symlinkSync('../../../victim', `${target}/dir`);
      for (const name of ['file', 'fifo', 'link']) {
        symlinkSync('../../../victim/passwd', `${target}/${name}`);
      }
    };
    const { problems } = await attack(tree, {}, prepare);
    expect(problems).toEqual([
      'error EEXIST /dir',
      'error EEXIST /file',
      'error EEXIST /fifo',
      'error EEXIST /link',
    ]);
    const forced = await attack(tree, { force: true }, prepare);
    expect(forced.problems).toEqual([]);
    expect(forced.inside.sort()).toEqual(
      ['dir', 'dir/passwd', 'dir/sub', 'dir/sub/x', 'fifo', 'file', 'link'].sort(),
    );
  });

  test('a target that is itself a symlink is followed', async () => {
    await withTemporaryDirectory(async (path) => {
      mkdirSync(`${path}/real`);
      symlinkSync('real', `${path}/target`);
      expect(problemsOf(await extract({ a: evil }, `${path}/target`))).toEqual([]);
      expect(readdirSync(`${path}/real`)).toEqual(['a']);
    });
  });

  test('directory loops and shared directories end', async () => {
    const { problems, inside } = await attack({
      d: directory({ self: directory({}, { sameAs: '/d' }), x: evil }),
      e: directory({}, { sameAs: '/d' }),
    });
    expect(problems).toEqual(['error LOOP /d/self', 'error LOOP /e']);
    expect(inside).toEqual(['d', 'd/self', 'd/x', 'e']);
  });

  test('symlinks without a target, or with a NUL in it', async () => {
    const { problems, inside } = await attack({
      a: symlink(''),
      b: symlink('x\0y'),
      c: symlink('z'.repeat(4096)),
      d: symlink('ok'),
    });
    expect(problems).toEqual(['error BAD_ENTRY /a', 'error BAD_ENTRY /b', 'error ENAMETOOLONG /c']);
    expect(inside).toEqual(['d']);
  });

  test('paths that are too long for the system are errors, the rest is extracted', async () => {
    let deep: RawTree = { bottom: evil };
    for (let level = 0; level < 30; level += 1) deep = { ['n'.repeat(200)]: directory(deep) };
    const { problems, inside } = await attack({ ...deep, z: evil });
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) expect(problem).toMatch(/^error (ENAMETOOLONG|LOOP) \/nnn/);
    expect(inside).toContain('z');
  });

  test('a bomb: a small image of many large files is refused, one of holes is not', async () => {
    const size = 0xffffff;
    const count = 500;
    const bomb = (kind: 'C' | 'H'): RawTree => ({
      a: file(new Uint8Array(size), { blocks: kind.repeat(4096) }),
      ...Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`b${index}`, file('', { sameAs: '/a' })]),
      ),
    });
    await withTemporaryDirectory(async (path) => {
      await expect(extract(bomb('C'), `${path}/full`)).rejects.toMatchObject({
        name: 'CramfsError',
        code: 'TOO_BIG',
      });
      expect(readdirSync(path)).toEqual([]);
      await expect(
        extract({ a: file(noise(5000)) }, `${path}/small`, { maxBytes: 4999 }),
      ).rejects.toThrow('more than 4999 bytes');
      const report = await extract(bomb('H'), `${path}/holes`);
      expect(report).toMatchObject({ files: count + 1, problems: [] });
      expect(statSync(`${path}/holes/b7`)).toMatchObject({ size, blocks: 0 });
    });
  });
});

describe('an ordinary user', () => {
  /** Runs a script as nobody, who may read what is compiled. */
  const script = `
    import { readFileSync, statSync } from 'node:fs';
    import { openImage } from ${JSON.stringify(builtModule('packages/cramfs-reader/dist/index.js'))};
    import { extractImage } from ${JSON.stringify(builtModule('packages/cramfs-reader/dist/node/index.js'))};
    const [image, target] = process.argv.slice(-2);
    const report = await extractImage(openImage(readFileSync(image)), target);
    const problems = report.problems.map(({ code, path }) => code + ' ' + (path ?? ''));
    console.log(JSON.stringify([problems, { ...report, problems: undefined }]));
  `;

  test('gets everything but devices, owners and setuid bits', async () => {
    await withTemporaryDirectory((path) => {
      const { bytes } = buildRawImage({
        dev: directory({ null: special(0o20666, 0x0103), pipe: special(0o10600) }),
        ro: directory({ a: file('a'), l: symlink('a') }, { mode: 0o555, uid: 7 }),
        su: file('su', { mode: 0o4755 }),
      });
      writeFileSync(`${path}/image`, bytes);
      chmodSync(path, 0o777);
      const run = spawnSync(
        process.execPath,
        ['--input-type=module', '-e', script, '--', `${path}/image`, `${path}/out`],
        { ...(isRoot ? { uid: 65534, gid: 65534 } : {}), encoding: 'utf8' },
      );
      expect(run.stderr).toBe('');
      const [problems, report] = JSON.parse(run.stdout) as [unknown, unknown];
      expect(problems).toEqual([
        'DROPPED_SETUID /su',
        'SKIPPED_DEVICE /dev/null',
        'OWNERS_NOT_SET ',
      ]);
      expect(report).toEqual({ directories: 2, files: 2, symlinks: 1, nodes: 1, bytes: 3 });
      expect(statSync(`${path}/out/ro`).mode & 0o777).toBe(0o555);
      expect(readlinkSync(`${path}/out/ro/l`)).toBe('a');
    });
  });
});

describeWithPeers(['mkfs.cramfs', 'fsck.cramfs'], 'images of mkfs.cramfs', () => {
  test.each(['', '-N big', '-p', '-z', '-b 16384'])('come back as they were: %s', async (args) => {
    await withTemporaryDirectory(async (path) => {
      const source = `${path}/tree`;
      writeTree(compatTree(), source);
      runPeerOk('mkfs.cramfs', [...args.split(' ').filter(Boolean), source, `${path}/image`]);
      const image = openImage(readFileSync(`${path}/image`), { zlib: nodeZlib });
      const { problems } = await extractImage(image, `${path}/out`);
      expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
      expect(treeDifferences(source, `${path}/out`)).toEqual([]);
      if (args === '') {
        extractWithFsck(`${path}/image`, `${path}/theirs`);
        expect(treeDifferences(`${path}/theirs`, `${path}/out`, { owners: isRoot })).toEqual([]);
      }
    });
  });
});
