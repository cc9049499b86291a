import { expect, test } from 'vitest';
import { toolOfPath } from './tool-name.js';

test.each([
  ['/usr/sbin/mkcramfs', 'mkcramfs'],
  ['mkfs.cramfs', 'mkcramfs'],
  ['./cramfsck.cjs', 'fsck.cramfs'],
  ['/sbin/fsck.cramfs', 'fsck.cramfs'],
  ['xip-emu.exe', 'xip-emu'],
  ['/usr/bin/cramfs', 'cramfs'],
  ['/tmp/cramfs-0.1.0.cjs', 'cramfs'],
  ['/tmp/constructor', 'cramfs'],
])('%s is %s', (path, tool) => {
  expect(toolOfPath(path)).toBe(tool);
});
