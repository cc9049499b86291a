import { crc32, textToName } from 'cramfs-format';
import { SyscallError } from '../errno.js';
import { TarfsInode } from '../fs/tarfs/inode.js';
import { TarfsSuperBlock } from '../fs/tarfs/super.js';
import type { Machine } from '../machine.js';
import type { Process } from '../process.js';
import type { OpenFile } from '../vfs/file.js';
import { pathLookup } from '../vfs/namei.js';
import type { Fields } from './ops.js';

/** Operations of a scenario on files and names. Sizes are bytes, paths text. */
export type PathOperation =
  /** `file` is a number of an open file, or else a path. */
  | { readonly op: 'truncate'; readonly file: number | string; readonly size: number }
  | { readonly op: 'fsync'; readonly fd: number }
  | { readonly op: 'sync' }
  | {
      readonly op: 'stat' | 'unlink' | 'mkdir' | 'rmdir' | 'chdir' | 'chroot';
      readonly path: string;
    }
  | {
      readonly op: 'link' | 'symlink' | 'rename';
      /** What is there already; of a symlink its target. */
      readonly path: string;
      readonly newPath: string;
    }
  | { readonly op: 'remount'; readonly path: string; readonly readOnly: boolean };

/** @throws SyscallError */
export function performPathOperation(
  machine: Machine,
  process: Process,
  files: ReadonlyMap<number, OpenFile>,
  operation: PathOperation,
): Fields {
  switch (operation.op) {
    case 'truncate': {
      const { file, size } = operation;
      if (typeof file === 'string') process.truncate(textToName(file), size);
      else process.ftruncate(fileOf(files, file), size);
      break;
    }
    case 'fsync':
      process.fsync(fileOf(files, operation.fd));
      break;
    case 'sync':
      machine.sync();
      return { ret: 'ok', ...archiveStatus(machine) };
    case 'stat':
      return { ret: 'ok', ...status(process, textToName(operation.path)) };
    case 'unlink':
    case 'mkdir':
    case 'rmdir':
    case 'chdir':
    case 'chroot':
      process[operation.op](textToName(operation.path));
      break;
    case 'link':
    case 'symlink':
    case 'rename':
      process[operation.op](textToName(operation.path), textToName(operation.newPath));
      break;
    case 'remount':
      machine.remount(textToName(operation.path), { readOnly: operation.readOnly });
  }
  return { ret: 'ok' };
}

function fileOf(files: ReadonlyMap<number, OpenFile>, fd: number): OpenFile {
  const file = files.get(fd);
  if (file === undefined) throw new SyscallError('EBADF');
  return file;
}

function status(process: Process, path: string): Fields {
  const { size, links, mode } = process.stat(path);
  const { inode } = pathLookup(process.fs, path);
  const pager = inode instanceof TarfsInode ? { pager: inode.mapping !== undefined } : {};
  return { mode: `0${mode.toString(8)}`, links, size, ...pager };
}

/** What a mounted archive is by now. */
function archiveStatus({ mounts }: Machine): Fields {
  for (const { sb } of mounts) {
    if (!(sb instanceof TarfsSuperBlock)) continue;
    const { archive } = sb;
    return { size: archive.length, crc: crc32(archive).toString(16).padStart(8, '0') };
  }
  return {};
}
