import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { Folder } from '../cli/folder.js';
import { cramfs, cramfsJson, launcher } from '../cli/run-cli.js';
import { describeWithPeers, findPeer, runPeer, type PeerResult } from '../helpers/peers.js';

// Buildroot, Yocto and Debian build images as an ordinary user. A preloaded library shows the
// owners, modes and devices that they ask for. The result of mkfs.cramfs is the reference.

const folder = new Folder();

/** Owners, setuid bits, devices, names of every kind, hard links and many files. */
const MAKE_TREE = `set -e
mkdir -p tree/dev tree/bin tree/many
mknod tree/dev/null c 1 3
mknod tree/dev/sda b 8 1
mknod tree/dev/high c 255 254
ln tree/dev/null tree/dev/zero-link
mkfifo tree/dev/initctl
echo su > tree/bin/su; chown 0:0 tree/bin/su; chmod 4755 tree/bin/su
echo ping > tree/bin/ping; chown 12:34 tree/bin/ping; chmod 2711 tree/bin/ping
ln tree/bin/ping tree/bin/ping6
echo shadow > tree/shadow; chown 0:42 tree/shadow; chmod 0 tree/shadow
ln -s bin/su tree/link; chown -h 7:8 tree/link
echo odd > "$(printf 'tree/new\\nline \\377 \\\\ \\047')"; chown 5:6 tree/new*
chown 9:10 tree/dev; chmod 1777 tree/dev
i=0; while [ $i -lt 300 ]; do echo $i > tree/many/$i; i=$((i + 1)); done
chown 1:2 tree/many/*; chown 3:4 tree
`;

/** Runs a script in `folder` under a faking tool. */
function fake(tool: 'fakeroot' | 'pseudo', script: string, ...options: string[]): PeerResult {
  const state = folder.path('state');
  mkdirSync(state, { recursive: true });
  const mkfs = findPeer('mkfs.cramfs') ?? 'mkfs.cramfs';
  const run = (name: string): string =>
    `${name}() { '${process.execPath}' '${launcher(name)}' "$@"; }`;
  const functions = `${run('cramfs')}; ${run('mkcramfs')}; mkfs() { ${mkfs} "$@"; }`;
  const env = { PSEUDO_PREFIX: '/usr', PSEUDO_LOCALSTATEDIR: state };
  const argv = [...options, 'sh', '-c', `${functions}; ${script}`];
  return runPeer(tool, argv, { cwd: folder.path(), env });
}

function fakeOk(...argv: Parameters<typeof fake>): void {
  const { status, stderr } = fake(...argv);
  if (status !== 0) throw new Error(stderr);
}

async function differences(before: string, after: string): Promise<unknown> {
  return cramfsJson(['diff', folder.path(before), folder.path(after)]);
}

describe.each(['fakeroot', 'pseudo'] as const)('%s', (tool) => {
  describeWithPeers([tool, 'mkfs.cramfs'], 'with mkfs.cramfs', () => {
    test('a directory becomes the image that mkfs.cramfs makes, entry by entry', async () => {
      fakeOk(tool, `${MAKE_TREE} cramfs build tree ours; mkcramfs tree drop-in; mkfs tree theirs`);
      expect(await differences('ours', 'theirs')).toEqual([]);
      expect(await differences('drop-in', 'theirs')).toEqual([]);
      const [device] = (await cramfsJson(['stat', folder.path('ours'), '/dev/sda'])) as unknown[];
      expect(device).toMatchObject({ type: 'block-device', device: { major: 8, minor: 1 } });
    });

    test('what is extracted is what was built', async () => {
      fakeOk(
        tool,
        `${MAKE_TREE} mkfs tree theirs; cramfs extract theirs -C out; mkfs out again;
        cramfs extract theirs -C out --force; mkfs out twice`,
      );
      expect(await differences('theirs', 'again')).toEqual([]);
      expect(await differences('theirs', 'twice')).toEqual([]);
    });
  });

  describeWithPeers(tool, 'alone', () => {
    test('without GNU stat nothing is built, and the way out is named and works', async () => {
      mkdirSync(folder.path('path'));
      writeFileSync(folder.path('path/stat'), '#!/bin/sh\necho "stat: no --printf" >&2; exit 1\n');
      chmodSync(folder.path('path/stat'), 0o755);
      const refused = fake(
        tool,
        `${MAKE_TREE} PATH="$PWD/path:$PATH"; code=0; cramfs build tree ours || code=$?
        tar -cC tree . | cramfs build - piped; exit $code`,
      );
      expect(refused.status).toBe(8);
      expect(refused.stderr).toContain(
        `what ${tool} fakes can only be read with GNU find and stat (stat: no --printf): ` +
          'pipe in a tar instead, tar -cC tree . | cramfs build - IMAGE',
      );
      expect(existsSync(folder.path('ours'))).toBe(false);
      const [device] = (await cramfsJson(['stat', folder.path('piped'), '/dev/sda'])) as unknown[];
      expect(device).toMatchObject({ type: 'block-device', uid: 0, gid: 0 });
    });
  });
});

describeWithPeers('fakeroot', 'states of fakeroot', () => {
  beforeEach(() => {
    fakeOk('fakeroot', MAKE_TREE, '-s', folder.path('saved'));
  });

  test('one that was saved comes back with -i', async () => {
    fakeOk('fakeroot', 'cramfs build tree ours', '-i', folder.path('saved'));
    const listed = (await cramfsJson(['ls', '-R', folder.path('ours')])) as {
      path: string;
      uid: number;
      type: string;
    }[];
    expect(listed).toContainEqual(
      expect.objectContaining({ path: '/bin/su', uid: 0, mode: '4755' }),
    );
    expect(listed).toContainEqual(
      expect.objectContaining({ path: '/dev/null', type: 'char-device' }),
    );
  });

  test('with -u what was never changed keeps its real owner', async () => {
    const { uid, gid } = { uid: process.getuid!(), gid: process.getgid!() };
    fakeOk(
      'fakeroot',
      'echo > tree/new; chown 3:4 tree; cramfs build tree ours --exclude many',
      '-u',
    );
    const image = folder.path('ours');
    const listed = (await cramfsJson(['stat', image, '/', '/new'])) as unknown[];
    expect(listed).toEqual([
      expect.objectContaining({ uid: 3, gid: 4 }),
      expect.objectContaining({ uid, gid }),
    ]);
  });

  test('without the state the real owners count, as for everybody', async () => {
    const { code } = await cramfs(['build', '-q', folder.path('tree'), folder.path('ours')]);
    expect(code).toBe(0);
  });
});
