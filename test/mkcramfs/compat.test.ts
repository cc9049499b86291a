import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImageBytes, type BuildOptions, type DirectoryEntry, type Problem } from 'mkcramfs';
import { deflate } from 'pako';
import { afterAll, describe, expect, test } from 'vitest';
import { compatTree } from '../helpers/compat-tree.js';
import { describeWithPeers, runPeer } from '../helpers/peers.js';
import { directory, file, noise, treePaths } from '../helpers/trees.js';
import { writeTree } from '../helpers/write-tree.js';

const scratch = mkdtempSync(join(tmpdir(), 'compat-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

/** The options of mkcramfs as the C tool takes them. */
function npitreOptions(line: string): BuildOptions {
  const has = (flag: string): boolean => line.split(' ').includes(flag);
  const xips = line.split(' ').filter((word) => word === '-X').length;
  return {
    compat: 'mkcramfs',
    endianness: has('-B') ? 'big' : 'little',
    extendedPointers: has('-x'),
    holes: has('-z'),
    pad: has('-p'),
    xip: { mode: xips === 0 ? 'none' : xips === 1 ? 'nommu' : 'mmu' },
    ...(has('-n') ? { volumeName: 'hello', edition: 7 } : {}),
  };
}

describe('npitre mkcramfs, by recorded digests', () => {
  const recorded = JSON.parse(
    readFileSync(new URL('../fixtures/npitre-mkcramfs.json', import.meta.url), 'utf8'),
  ) as { images: { options: string; sha256: string }[] };
  test.each(recorded.images)('same image for "$options"', async ({ options, sha256 }) => {
    const { image } = await buildImageBytes(compatTree(), npitreOptions(options));
    expect(createHash('sha256').update(image).digest('hex')).toBe(sha256);
  });
});

test('what npitre mkcramfs leaves behind a block shows wherever nothing else is written', async () => {
  const content = noise(4097, 12);
  const root = directory({ a: file(content), b: file(new Uint8Array(4000).fill(66)) });
  const { image } = await buildImageBytes(root, {
    compat: 'mkcramfs',
    extendedPointers: true,
    xip: { mode: 'mmu', include: (path) => path === '/b' },
  });
  const packed = deflate(content.subarray(0, 4096), { level: 9, legacyHash: true });
  expect(packed).toHaveLength(4096 + 11);
  const end = Buffer.from(image).indexOf(content.subarray(0, 4096)) + 4096;
  // One byte of content, padding, and the pointer of b. The padding once held the compressed byte.
  expect(image[end]).toBe(content[4096]);
  expect([...image.subarray(end + 9, end + 11)]).toEqual([...packed.subarray(-2)]);
});

describeWithPeers('mkfs.cramfs', 'mkfs.cramfs', () => {
  test.each([
    { args: ['-N', 'little'], options: {} },
    { args: ['-N', 'big', '-n', 'rootfs', '-e', '9'], options: { endianness: 'big' as const } },
    { args: ['-N', 'little', '-z', '-p'], options: { holes: true, pad: true } },
    { args: ['-N', 'little', '-b', '16384'], options: { blockSize: 16384 } },
    {
      args: ['-N', 'big', '-b', '65536'],
      options: { blockSize: 65536, endianness: 'big' as const },
    },
  ])('same image for $args', async ({ args, options }) => {
    const source = join(scratch, 'tree');
    rmSync(source, { recursive: true, force: true });
    const tree = compatTree();
    writeTree(tree, source);
    takeOwners(tree, source);
    const output = join(scratch, 'peer.img');
    const blockSize = args.includes('-b') ? [] : ['-b', '4096'];
    expect(runPeer('mkfs.cramfs', [...args, ...blockSize, source, output]).status).toBe(0);
    const named = args.includes('-n') ? { volumeName: 'rootfs', edition: 9 } : {};
    const { image } = await buildImageBytes(tree, { compat: 'util-linux', ...named, ...options });
    expect(Buffer.compare(image, readFileSync(output))).toBe(0);
  });
});

/** The C tool stores the owners and the root's mode it finds on disk. */
function takeOwners(tree: DirectoryEntry, path: string): void {
  for (const [inner, entry] of treePaths(tree)) {
    const stats = lstatSync(join(path, inner));
    entry.uid = stats.uid;
    entry.gid = stats.gid;
  }
}

describe('images that Linux would misread', () => {
  const problemsOf = async (root: DirectoryEntry, options: BuildOptions) => {
    const problems: Problem[] = [];
    const onProblem = (problem: Problem): void => void problems.push(problem);
    const outcome = await buildImageBytes(root, { ...options, onProblem }).then(
      () => 'built',
      (error: unknown) => (error as { code?: string }).code,
    );
    return { outcome, problems };
  };
  const twins = directory({
    a: file('twin', { mode: 0o4755 }),
    b: file('twin', { mode: 0o644 }),
  });

  test('K2: twins of different modes are refused, and only warned of under force', async () => {
    const refused = await problemsOf(twins, { compat: 'util-linux' });
    expect(refused.outcome).toBe('DOES_NOT_FIT');
    expect(refused.problems).toMatchObject([{ severity: 'error', path: '/b' }]);
    expect(refused.problems[0]!.message).toContain('/a');
    const forced = await problemsOf(twins, { compat: 'util-linux', force: true });
    expect(forced.outcome).toBe('built');
    expect(forced.problems).toMatchObject([{ severity: 'warning', path: '/b' }]);
  });

  test('K1: a program of whole pages is refused under -X -X', async () => {
    const { elfFile } = await import('../helpers/elf-builder.js');
    const segments = [{ flags: 5, offset: 0, filesz: 8192 }];
    const root = directory({ p: file(elfFile(32, true, segments, noise(8192, 1))) });
    const { outcome, problems } = await problemsOf(root, npitreOptions('-X -X'));
    expect(outcome).toBe('DOES_NOT_FIT');
    expect(problems).toMatchObject([{ path: '/p' }]);
    expect(problems[0]!.message).toContain('K1');
  });

  test('K3: an entry less than 264 bytes from the end is refused', async () => {
    const names = Array.from({ length: 250 }, (_, index) => `f${String(index).padStart(3, '0')}`);
    const root = directory(Object.fromEntries(names.map((name) => [name, file('')])));
    const { outcome, problems } = await problemsOf(root, { compat: 'mkcramfs' });
    expect(outcome).toBe('DOES_NOT_FIT');
    expect(problems.at(-1)).toMatchObject({ path: '/f249' });
  });

  test('our own layout has none of them', async () => {
    expect(await problemsOf(twins, {})).toEqual({ outcome: 'built', problems: [] });
  });
});
