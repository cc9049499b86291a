import { textToName } from 'cramfs-format';
import { TarfsInode } from '../../fs/tarfs/inode.js';
import type { Process } from '../../process.js';
import { pathLookup } from '../../vfs/namei.js';
import type { Arguments } from '../arguments.js';
import type { Fields } from '../ops.js';
import { call, plainCall, type CallTable, type ParseCall } from './call.js';

/** Calls on names. */
export const NAME_CALLS: CallTable = {
  stat: call(path, ({ process }, name) => ({ ret: 'ok', ...status(process, name) })),
  unlink: pathCall('unlink'),
  mkdir: pathCall('mkdir'),
  rmdir: pathCall('rmdir'),
  chdir: pathCall('chdir'),
  chroot: pathCall('chroot'),
  link: twoPathCall('link'),
  symlink: twoPathCall('symlink'),
  rename: twoPathCall('rename'),
  remount: plainCall(
    (args) => ({ path: path(args), options: args.mountOptions() ?? args.fail('no mount options') }),
    ({ ops: { machine } }, { path, options }) => {
      machine.remount(path, options);
    },
  ),
};

/** Takes a PATH in UTF-8. @returns a byte string. */
function path(args: Arguments): string {
  return textToName(args.text());
}

function pathCall(method: 'unlink' | 'mkdir' | 'rmdir' | 'chdir' | 'chroot'): ParseCall {
  return plainCall(path, ({ process }, name) => {
    process[method](name);
  });
}

/** The first name exists already; for a symlink it is the target. */
function twoPathCall(method: 'link' | 'symlink' | 'rename'): ParseCall {
  return plainCall(
    (args) => [path(args), path(args)] as const,
    ({ process }, [name, newName]) => {
      process[method](name, newName);
    },
  );
}

function status(process: Process, path: string): Fields {
  const { size, links, mode } = process.stat(path);
  const { inode } = pathLookup(process.fs, path);
  const pager = inode instanceof TarfsInode ? { pager: inode.mapping !== undefined } : {};
  return { mode: `0${mode.toString(8)}`, links, size, ...pager };
}
