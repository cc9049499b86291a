import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cramfsJson, launcher } from '../cli/run-cli.js';

/*
 * The files of contrib/, run as far as that goes without the build systems they are for.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ROOTFS = join(ROOT, 'samples/rootfs');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'contrib-'));
  mkdirSync(join(folder, 'host/bin'), { recursive: true });
  for (const tool of ['cramfs', 'mkcramfs']) {
    const path = join(folder, 'host/bin', tool);
    writeFileSync(path, `#!/bin/sh\nexec ${process.execPath} ${launcher(tool)} "$@"\n`);
    chmodSync(path, 0o755);
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function contrib(path: string): string {
  return join(ROOT, 'contrib', path);
}

/** Runs a program with our commands in its PATH. */
function run(file: string, ...argv: readonly string[]): { status: number | null; text: string } {
  const env = { ...process.env, PATH: `${join(folder, 'host/bin')}:${process.env['PATH'] ?? ''}` };
  const { status, stdout, stderr } = spawnSync(file, argv, { cwd: folder, env, encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** Checks that an image is there, with programs in place. */
async function expectInPlace(image: string, endianness: string, ...options: string[]) {
  expect(await cramfsJson(['info', join(folder, image), ...options])).toMatchObject({
    endianness,
    flagNames: expect.arrayContaining(['ext-block-pointers']) as string[],
    crc: { ok: true },
  });
}

describe.skipIf(!has('genimage'))('genimage', () => {
  test('makes the image, and flash with it on a page', async () => {
    const argv = ['--config', contrib('genimage/genimage.cfg'), '--rootpath', ROOTFS];
    const { status, text } = run(
      'genimage',
      ...argv,
      '--mkcramfs',
      join(folder, 'host/bin/mkcramfs'),
    );
    expect(status, text).toBe(0);
    await expectInPlace('images/rootfs.cramfs', 'little');
    await expectInPlace('images/flash.img', 'little', '--offset', '1M');
  });
});

describe.skipIf(!has('make'))('makefiles', () => {
  const target = '$(call cramfs_xip,$<,$@)';

  test("OpenWrt's rules make an image, big-endian if it says so", async () => {
    writeFileSync(
      join(folder, 'openwrt.mk'),
      `CRAMFS = cramfs\nCRAMFS_REQUIRE = /powerpc/bin/crc32sum\nCONFIG_BIG_ENDIAN = y\n` +
        `include ${contrib('openwrt/cramfs-xip.mk')}\nopenwrt.img: ${ROOTFS}\n\t${target}\n`,
    );
    const { status, text } = run('make', '-f', 'openwrt.mk', 'openwrt.img');
    expect(status, text).toBe(0);
    await expectInPlace('openwrt.img', 'big');
  });

  test('and fail if a program is not in place', () => {
    writeFileSync(
      join(folder, 'fails.mk'),
      `CRAMFS = cramfs\nCRAMFS_REQUIRE = /nothing\n` +
        `include ${contrib('openwrt/cramfs-xip.mk')}\nfails.img: ${ROOTFS}\n\t${target}\n`,
    );
    const { status, text } = run('make', '-f', 'fails.mk', 'fails.img');
    expect(status).not.toBe(0);
    expect(text).toContain('/nothing');
  });

  test("Buildroot's commands make an image", async () => {
    writeFileSync(join(folder, 'buildroot.mk'), BUILDROOT);
    const { status, text } = run(
      'make',
      '-f',
      'buildroot.mk',
      'rootfs.img',
      `CONTRIB=${contrib('buildroot')}`,
    );
    expect(status, text).toBe(0);
    await expectInPlace('rootfs.img', 'little');
  });

  /** Of Buildroot what the two makefiles stand on: package/pkg-utils.mk, fs/common.mk. */
  const BUILDROOT = `
BR2_USE_MMU = y
BR2_ENDIAN = "LITTLE"
BR2_TARGET_ROOTFS_CRAMFS_XIP_ONE_FILE = "${launcher('cramfs')}"
BR2_TARGET_ROOTFS_CRAMFS_XIP_OPTIONS = "--squash"
BR2_TARGET_ROOTFS_CRAMFS_XIP_REQUIRE = "/armhf/bin/crc32sum /armhf/lib/*"
HOST_DIR = $(CURDIR)/host
TARGET_DIR = ${ROOTFS}
qstrip = $(strip $(subst ",,$(1)))
rootfs =
host-generic-package =
include $(CONTRIB)/package/cramfs-toolkit/cramfs-toolkit.mk
include $(CONTRIB)/fs/cramfs-xip/cramfs-xip.mk
rootfs.img:
	$(ROOTFS_CRAMFS_XIP_CMD)
`;
});

test("Yocto's image command makes an image", async () => {
  const file = contrib('yocto/classes/image_types_cramfs_xip.bbclass');
  const [, body] = /^IMAGE_CMD:cramfs-xip \(\) \{\n([^]*?)^\}/m.exec(readFileSync(file, 'utf8'))!;
  const variables: Readonly<Record<string, string>> = {
    IMGDEPLOYDIR: folder,
    IMAGE_NAME: 'yocto',
    IMAGE_ROOTFS: ROOTFS,
    CRAMFS_XIP: 'mmu',
    CRAMFS_XIP_OPTIONS: '--squash',
    CRAMFS_XIP_REQUIRE: '/armhf/bin/crc32sum',
    '@cramfs_endian(d)': 'little',
  };
  const script = body!.replace(/\$\{([^}]+)\}/g, (_all, name: string) => variables[name]!);
  const { status, text } = run('sh', '-ec', script);
  expect(status, text).toBe(0);
  await expectInPlace('yocto.cramfs-xip', 'little');
});
