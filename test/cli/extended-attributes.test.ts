import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { paxHeader, tarArchive, tarItem } from '../helpers/tar-builder.js';
import { describeWithPeers, findPeer, runPeer, runPeerOk } from '../helpers/peers.js';
import { Folder } from './folder.js';
import { cramfs } from './run-cli.js';

const folder = new Folder();
let source: string;
let image: string;
beforeEach(() => {
  source = folder.path('source');
  image = folder.path('image');
});

/** cap_net_raw+ep, as setcap(8) stores it: VFS_CAP_REVISION_2. */
const CAPABILITY = '0x0100000200200000000000000000000000000000';

/** `security.*` needs root, and not every file system has `user.*`. */
function canSet(attribute: string, value: string): boolean {
  if (findPeer('setfattr') === undefined) return false;
  const probe = mkdtempSync(join(tmpdir(), 'cramfs-xattr-'));
  const file = join(probe, 'file');
  writeFileSync(file, '');
  const { status } = runPeer('setfattr', ['-n', attribute, '-v', value, file]);
  rmSync(probe, { recursive: true });
  return status === 0;
}
const hasUser = canSet('user.comment', 'x');
const hasCapabilities = canSet('security.capability', CAPABILITY);

function set(path: string, name: string, value = 'x'): void {
  runPeerOk('setfattr', ['-n', name, '-v', value, join(source, path)]);
}

/** The warnings of a build of `source`. */
async function warnings(...options: string[]): Promise<string> {
  const { code, stderr } = await cramfs(['build', source, image, ...options]);
  expect(code).toBe(0);
  return stderr.replaceAll(source, 'source');
}

function warning(count: string, path: string, capabilities = ''): string {
  return (
    `cramfs: source: warning: ${count} extended attributes, which cramfs cannot hold` +
    `${capabilities}: left out (${path})\n`
  );
}

describeWithPeers(['getfattr', 'setfattr'], 'of a directory', () => {
  beforeEach(() => {
    mkdirSync(join(source, 'lib'), { recursive: true });
    for (const name of ['a', 'lib/b', 'lib/c', 'odd = \\ \n\xe9 name', 'plain']) {
      writeFileSync(join(source, name), name);
    }
  });

  test('none: no warning', async () => {
    symlinkSync('a', join(source, 'link'));
    expect(await warnings()).toBe('');
  });

  describe(hasUser ? 'user.*' : 'user.* (not on this file system)', () => {
    test.skipIf(!hasUser)('are counted once for each file, directories too', async () => {
      set('lib/b', 'user.comment');
      set('lib/b', 'user.other');
      expect(await warnings()).toBe(warning('a file has', '/lib/b'));
      set('.', 'user.comment');
      set('lib', 'user.comment');
      // Not through the link.
      symlinkSync('lib/b', join(source, 'link'));
      expect(await warnings()).toBe(warning('3 files have', '/'));
    });

    test.skipIf(!hasUser)('the path is right, whatever bytes it has', async () => {
      set('odd = \\ \n\xe9 name', 'user.comment');
      expect(await warnings()).toBe(warning('a file has', '/odd = \\\\ \\x0aé name'));
    });

    test.skipIf(!hasUser)('of what is left out they do not count', async () => {
      set('a', 'user.comment');
      set('lib', 'user.comment');
      set('lib/b', 'user.comment');
      expect(await warnings('--exclude', 'lib')).toBe(warning('a file has', '/a'));
      expect(await warnings('--exclude', 'lib', '--exclude', '/a')).toBe('');
    });

    test.skipIf(!hasUser)('an error with --strict', async () => {
      set('a', 'user.comment');
      expect((await cramfs(['build', source, image, '-E'])).code).toBe(8);
    });
  });

  const title = 'file capabilities are named';
  test.skipIf(!hasCapabilities)(hasCapabilities ? title : `${title} (needs root)`, async () => {
    set('lib/b', 'security.capability', CAPABILITY);
    set('lib/c', 'security.capability', CAPABILITY);
    const capabilities = ', file capabilities of 2 among them';
    expect(await warnings()).toBe(warning('2 files have', '/lib/b', capabilities));
  });
});

test('of a tar: not what is left out, nor what a later member replaces', async () => {
  const member = (name: string, hasAttribute: boolean) => [
    ...(hasAttribute ? [paxHeader([['SCHILY.xattr.user.comment', 'x']])] : []),
    tarItem({ name, data: 'x' }),
  ];
  const archive = tarArchive(
    ...member('left/out', true),
    ...member('replaced', true),
    ...member('kept', true),
    ...member('replaced', false),
  );
  source = folder.write('source.tar', archive);
  expect(await warnings()).toBe(warning('2 files have', '/left/out'));
  expect(await warnings('--exclude', 'left')).toBe(warning('a file has', '/kept'));
});
