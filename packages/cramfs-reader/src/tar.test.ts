import { mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import type { CramfsError } from 'cramfs-format';
import { extract as tarExtract, type Header } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { describeTree } from '../../../test/helpers/disk-trees.js';
import {
  describeWithPeers,
  runPeerOk,
  withTemporaryDirectory,
} from '../../../test/helpers/peers.js';
import {
  buildRawImage,
  directory,
  file,
  noise,
  special,
  symlink,
  text,
  type RawTree,
} from '../../../test/helpers/raw-image.js';
import { openImage } from './image.js';
import { writeTar } from './node/tar.js';
import { tarChunks } from './tar.js';

const long = (char: string, length: number): string => char.repeat(length);

const tree: RawTree = {
  bin: directory(
    {
      busybox: file(noise(10_000), { mode: 0o4755, uid: 1000, gid: 50, blocks: 'DDC' }),
      sh: file('', { sameAs: '/bin/busybox', mode: 0o4755, uid: 1000, gid: 50 }),
      'not-setuid': file('', { sameAs: '/bin/busybox', mode: 0o755 }),
    },
    { mode: 0o2750, gid: 255 },
  ),
  dev: directory({
    null: special(0o20666, 0x0103),
    sda1: special(0o60660, 0x0801, { uid: 65535, gid: 6 }),
    pipe: special(0o10600),
  }),
  empty: file(''),
  'exactly-512': file(text(512)),
  link: symlink('bin/busybox'),
  [long('n', 99)]: file('98 + ./'),
  [long('m', 252)]: directory({ [long('o', 252)]: symlink(long('t', 300)) }),
  'raw\xff\xfe \x01': file('bytes'),
};

function tar(from: RawTree, paths?: readonly string[]): { bytes: Buffer; errors: CramfsError[] } {
  const errors: CramfsError[] = [];
  const image = openImage(buildRawImage(from).bytes);
  const onError = (error: CramfsError): void => {
    errors.push(error);
  };
  return { bytes: Buffer.concat([...tarChunks(image, { paths, onError })]), errors };
}

/** Members as tar-stream reads them. */
async function members(bytes: Buffer): Promise<(Header & { content: Buffer })[]> {
  // The types lack this option.
  const options = { filenameEncoding: 'latin1' };
  const reader = tarExtract(options as object);
  reader.end(bytes);
  const found: (Header & { content: Buffer })[] = [];
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    found.push({ ...entry.header, content: Buffer.concat(chunks) });
  }
  return found;
}

describe('tarChunks', () => {
  test('loses nothing', async () => {
    const { bytes, errors } = tar(tree);
    expect(errors).toEqual([]);
    expect(bytes.length % 10240).toBe(0);
    const byName = new Map((await members(bytes)).map((one) => [one.name, one]));
    expect([...byName.keys()]).toHaveLength(16);
    expect(byName.get('./')).toMatchObject({ type: 'directory', mode: 0o755 });
    expect(byName.get('./bin/')).toMatchObject({ type: 'directory', mode: 0o2750, gid: 255 });
    const busybox = byName.get('./bin/busybox');
    expect(busybox).toMatchObject({ type: 'file', mode: 0o4755, uid: 1000, gid: 50, size: 10_000 });
    expect(busybox?.content.equals(noise(10_000))).toBe(true);
    expect(byName.get('./dev/null')).toMatchObject({
      type: 'character-device',
      mode: 0o666,
      devmajor: 1,
      devminor: 3,
    });
    expect(byName.get('./dev/sda1')).toMatchObject({
      type: 'block-device',
      uid: 65535,
      gid: 6,
      devmajor: 8,
      devminor: 1,
    });
    expect(byName.get('./dev/pipe')).toMatchObject({ type: 'fifo', mode: 0o600 });
    expect(byName.get('./empty')).toMatchObject({ type: 'file', size: 0 });
    expect(byName.get('./exactly-512')?.content).toHaveLength(512);
    expect(byName.get('./link')).toMatchObject({ type: 'symlink', linkname: 'bin/busybox' });
    expect(byName.get(`./${long('n', 99)}`)).toMatchObject({ type: 'file' });
    expect(byName.get(`./${long('m', 252)}/${long('o', 252)}`)).toMatchObject({
      type: 'symlink',
      linkname: long('t', 300),
    });
    expect(byName.get('./raw\xff\xfe \x01')?.content.toString()).toBe('bytes');
    for (const { mtime } of byName.values()) expect(mtime).toEqual(new Date(0));
  });

  test('names of one inode are hard links, others of the same data are not', async () => {
    const byName = new Map((await members(tar(tree).bytes)).map((one) => [one.name, one]));
    // In the order of names: not-setuid has other attributes, so it is not the same inode.
    expect(byName.get('./bin/sh')).toMatchObject({ type: 'link', linkname: './bin/busybox' });
    expect(byName.get('./bin/not-setuid')).toMatchObject({ type: 'file', mode: 0o755 });
  });

  test('is the same every time', () => {
    expect(tar(tree).bytes.equals(tar(tree).bytes)).toBe(true);
  });

  test('a part: links lead to entries in it', async () => {
    const found = await members(tar(tree, ['sh', 'dev/null']).bytes);
    expect(found.map(({ name, type }) => `${name} ${type}`)).toEqual([
      './ directory',
      './bin/ directory',
      './bin/sh file',
      './dev/ directory',
      './dev/null character-device',
    ]);
  });

  test('entries that a tar cannot hold are reported', async () => {
    const { bytes, errors } = tar([
      ['..', file('evil')],
      ['damaged', file('x', { inode: { size: 0xffffff } })],
      ['empty-link', symlink('')],
      ['good', file('good')],
      ['socket', special(0o140600)],
      ['strange', special(0o70600)],
    ]);
    expect((await members(bytes)).map(({ name }) => name)).toEqual(['./', './good']);
    expect(errors.map(({ code, path }) => [code, path])).toEqual([
      ['BAD_ENTRY', '/..'],
      ['OUT_OF_RANGE', '/damaged'],
      ['BAD_ENTRY', '/empty-link'],
      ['UNSUPPORTED', '/socket'],
      ['BAD_ENTRY', '/strange'],
    ]);
  });
});

describe('writeTar', () => {
  const image = openImage(buildRawImage({ a: file(noise(300_000)) }).bytes);
  const onError = (error: CramfsError): never => {
    throw error;
  };

  test('waits for a slow reader', async () => {
    const output = new PassThrough({ highWaterMark: 1000 });
    const written = writeTar(image, output, { onError }).then(() => output.end());
    const chunks: Buffer[] = [];
    for await (const chunk of output) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      chunks.push(chunk as Buffer);
    }
    await written;
    expect(Buffer.concat(chunks).equals(Buffer.concat([...tarChunks(image, { onError })]))).toBe(
      true,
    );
  });

  test('fails when the reader has gone', async () => {
    const output = new PassThrough();
    output.on('error', () => undefined);
    output.destroy();
    await expect(writeTar(image, output, { onError })).rejects.toThrow(/destroyed/);
  });
});

/** What an ordinary user can extract. */
const plainTree: RawTree = Object.fromEntries(
  Object.entries(tree).filter(([name]) => name !== 'dev'),
);

for (const peer of ['tar', 'bsdtar'] as const) {
  describeWithPeers(peer, `tars for ${peer}`, () => {
    test('extract to the same tree, bytes of names included', async () => {
      await withTemporaryDirectory((path) => {
        writeFileSync(`${path}/image.tar`, tar(plainTree).bytes);
        mkdirSync(`${path}/out`);
        runPeerOk(peer, ['-xpf', `${path}/image.tar`, '-C', `${path}/out`, '--no-same-owner']);
        const found = describeTree(`${path}/out`);
        expect([...found.keys()].sort()).toEqual(
          [
            '.',
            'bin',
            'bin/busybox',
            'bin/not-setuid',
            'bin/sh',
            'empty',
            'exactly-512',
            'link',
            long('n', 99),
            long('m', 252),
            `${long('m', 252)}/${long('o', 252)}`,
            'raw\xff\xfe \x01',
          ].sort(),
        );
        expect(found.get('bin/sh')).toBe(found.get('bin/busybox'));
        expect(found.get('exactly-512')).toContain('512 bytes');
        expect(readlinkSync(`${path}/out/${long('m', 252)}/${long('o', 252)}`)).toBe(
          long('t', 300),
        );
      });
    });
  });
}

describeWithPeers('tar', 'the listing of GNU tar', () => {
  test('shows owners, devices and times', async () => {
    await withTemporaryDirectory((path) => {
      writeFileSync(`${path}/image.tar`, tar(tree).bytes);
      const list = runPeerOk('tar', ['-tvf', `${path}/image.tar`, '--numeric-owner', '--utc']);
      const lines = list.toString('latin1').split('\n');
      expect(lines).toContain('-rwsr-xr-x 1000/50       10000 1970-01-01 00:00 ./bin/busybox');
      expect(lines).toContain('crw-rw-rw- 0/0             1,3 1970-01-01 00:00 ./dev/null');
      expect(lines).toContain('brw-rw---- 65535/6         8,1 1970-01-01 00:00 ./dev/sda1');
      expect(lines).toContain('prw------- 0/0               0 1970-01-01 00:00 ./dev/pipe');
    });
  });
});
