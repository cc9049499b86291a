import { DevSuperBlock, TmpfsSuperBlock, isSyscallError, type Machine } from 'xip-emu';
import type { LinuxKernel } from './kernel/kernel.js';

/** Directories that get a tmpfs if the image has them: programs write there. */
const TMPFS_DIRECTORIES = ['/tmp', '/run', '/var/run', '/var/tmp', '/dev/shm'];

/**
 * Mounts the file systems that Linux systems mount at their start, where the image has the
 * directories: /proc, /sys, /dev, and a tmpfs where programs write.
 *
 * @param tmpfs further directories that get a tmpfs; byte strings.
 */
export function mountSystem(
  machine: Machine,
  kernel: LinuxKernel,
  tmpfs: readonly string[] = [],
): void {
  const isDirectory = (path: string): boolean => {
    try {
      return machine.lookup(path).inode.isDirectory;
    } catch (error) {
      if (isSyscallError(error)) return false;
      throw error;
    }
  };
  if (isDirectory('/proc')) kernel.mountByName('proc', 'proc', '/proc', '');
  if (isDirectory('/sys')) kernel.mountByName('sysfs', 'sysfs', '/sys', '');
  if (isDirectory('/dev')) machine.mount('/dev', new DevSuperBlock({ mapsNull: false }));
  for (const directory of TMPFS_DIRECTORIES) {
    if (isDirectory(directory)) machine.mount(directory, new TmpfsSuperBlock(machine.phys));
  }
  for (const directory of tmpfs) machine.mount(directory, new TmpfsSuperBlock(machine.phys));
}
