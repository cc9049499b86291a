import { crc32 } from 'node:zlib';
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from 'cramfs-format';
import { isSyscallError } from '#xip-emu/errno.js';
import { OverlaySuperBlock } from '#xip-emu/fs/overlay/super.js';
import { TmpfsSuperBlock } from '#xip-emu/fs/tmpfs/super.js';
import { Machine } from '#xip-emu/machine.js';
import type { FileStatus, Process } from '#xip-emu/process.js';
import type { OpenFile } from '#xip-emu/vfs/file.js';

/** A system call as it was recorded: its name and arguments. */
export type PathCall = readonly [name: string, ...args: readonly unknown[]];

/** How the recorded overlay was mounted, and the tmpfs that its upper directory is in. */
export interface OverlaySetup {
  readonly redirectDir: 'on' | null;
  readonly size: number | null;
  readonly nrInodes: number | null;
}

const ROOT_MODE = 0o755;

/** The bytes that the recorded program wrote. */
function content(tag: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (tag * 131 + 7 * at + 13 * (at >> 8)) & 255);
}

function checksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}

/** The tree below, in a tmpfs, and an overlay on it: /rom, /up/u, /ovl. */
function overlayMachine({ redirectDir, size, nrInodes }: OverlaySetup): {
  machine: Machine;
  process: Process;
} {
  const machine = new Machine({ ramSize: 64 << 20 });
  const { phys } = machine;
  const { root } = machine.mount('/', new TmpfsSuperBlock(phys, { mode: ROOT_MODE }));
  for (const name of ['rom', 'up', 'ovl']) root.mkdir(name, S_IFDIR | 0o755);
  const lower = machine.mount('/rom', new TmpfsSuperBlock(phys, { mode: ROOT_MODE }));
  const process = machine.spawn();
  fillLower(process);
  const limits = { mode: ROOT_MODE, size: size ?? undefined, nrInodes: nrInodes ?? undefined };
  const up = machine.mount('/up', new TmpfsSuperBlock(phys, limits));
  const upper = up.root.mkdir('u', S_IFDIR | 0o755);
  const workdir = up.root.mkdir('w', S_IFDIR | 0o755);
  const options = { workdir, redirectDir: redirectDir ?? undefined };
  machine.mount('/ovl', new OverlaySuperBlock(lower.root, upper, options));
  return { machine, process };
}

function fillLower(process: Process): void {
  process.chdir('/rom');
  const write = (path: string, tag: number, length: number): void => {
    const file = process.open(path, { write: true, create: true });
    process.pwrite(file, 0, content(tag, length));
    process.close(file);
  };
  write('a', 1, 100);
  write('b', 2, 5000);
  process.link('b', 'c');
  process.mkdir('d');
  write('d/x', 3, 10);
  write('d/y', 4, 0);
  process.mkdir('d/e');
  write('d/e/z', 5, 4096);
  process.symlink('a', 's');
  process.symlink('d', 'sd');
  process.symlink('nope', 'dang');
  process.mknod('p', 0o010644);
  process.mknod('n', 0o020666, { major: 1, minor: 3 });
  process.mkdir('g');
  process.mkdir('g/h');
  write('g/h/i', 6, 9000);
  write('f2', 7, 20);
  process.chmod('g', 0o1777);
  process.chown('f2', 3, 4);
  process.chmod('f2', 0o640);
}

function status({ mode, nlink, size, uid, gid, rdev, blocks }: FileStatus): unknown[] {
  const type = mode & S_IFMT;
  const isDevice = type === S_IFCHR || type === S_IFBLK;
  const device = isDevice ? [rdev.major, rdev.minor] : [0, 0];
  return [`0o${mode.toString(8)}`, nlink, size, uid, gid, device, type === S_IFREG ? blocks : 0];
}

function names(process: Process, path: string): string[] {
  const directory = process.open(path, { directory: true });
  const entries = process.getdents(directory).map(({ name }) => name);
  process.close(directory);
  return entries.filter((name) => name !== '.' && name !== '..').sort();
}

/** Everything below a directory, with contents, targets and the attributes of overlayfs. */
function tree(
  machine: Machine,
  process: Process,
  path: string,
  prefix = '',
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const name of names(process, path)) {
    const place = `${path}/${name}`;
    const stat = process.lstat(place);
    const type = stat.mode & S_IFMT;
    const entry = status(stat);
    if (type === S_IFREG) {
      const file = process.open(place);
      const bytes = new Uint8Array(stat.size);
      process.pread(file, 0, bytes);
      process.close(file);
      entry.push(checksum(bytes));
    }
    if (type === S_IFLNK) entry.push(process.readlink(place));
    entry.push(overlayAttributes(machine, place));
    found[prefix + name] = entry;
    if (type === S_IFDIR) Object.assign(found, tree(machine, process, place, `${prefix}${name}/`));
  }
  return found;
}

function overlayAttributes({ mounts }: Machine, path: string): (string | null)[] {
  if (!path.startsWith('/up/')) return [null, null];
  let inode = mounts.at('/up')?.sb.root;
  for (const name of path.split('/').slice(2)) inode = inode?.lookup(name);
  return ['opaque', 'redirect'].map(
    (name) => inode?.xattrs?.get(`trusted.overlay.${name}`) ?? null,
  );
}

function openOptions(access: string, flags: ReadonlySet<string>): Parameters<Process['open']>[1] {
  return {
    read: access !== 'w',
    write: access !== 'r',
    create: flags.has('create'),
    exclusive: flags.has('excl'),
    truncate: flags.has('trunc'),
    directory: flags.has('directory'),
    noFollow: flags.has('nofollow'),
    append: flags.has('append'),
    nonBlock: true,
  };
}

/** What one call gives. @throws SyscallError. */
function call(process: Process, files: Map<number, OpenFile>, [name, ...args]: PathCall): unknown {
  const path = String(args[0]);
  const other = String(args[1]);
  const [, second, third] = args as number[];
  switch (name) {
    case 'mkdir':
    case 'rmdir':
    case 'unlink':
    case 'chdir':
      process[name](path);
      return null;
    case 'link':
    case 'rename':
    case 'symlink':
      process[name](path, other);
      return null;
    case 'renamen':
      process.rename(path, other, 1);
      return null;
    case 'renamex':
      process.rename(path, other, 2);
      return null;
    case 'readdir':
      return names(process, path);
    case 'stat':
    case 'lstat':
      return status(process[name](path));
    case 'readlink':
      return process.readlink(path);
    case 'truncate':
      process.truncate(path, second!);
      return null;
    case 'chmod':
      process.chmod(path, second!);
      return null;
    case 'chown':
      process.chown(path, second!, third!);
      return null;
    case 'mknod': {
      const [major = 0, minor = 0] = args[2] as number[];
      process.mknod(path, second!, { major, minor });
      return null;
    }
    case 'open': {
      const fd = Number(args[0]);
      closeFd(process, files, fd);
      const options = openOptions(String(args[2]), new Set(args[3] as string[]));
      files.set(fd, process.open(other, options));
      return null;
    }
    default:
      return callOnFile(process, files, name, args as number[]);
  }
}

function closeFd(process: Process, files: Map<number, OpenFile>, fd: number): void {
  const file = files.get(fd);
  files.delete(fd);
  if (file !== undefined) process.close(file);
}

function callOnFile(
  process: Process,
  files: Map<number, OpenFile>,
  name: string,
  [fd = -1, second = 0, third = 0]: readonly number[],
): unknown {
  const file = files.get(fd);
  if (file === undefined) return undefined;
  switch (name) {
    case 'write':
      return process.pwrite(file, second, content(fd, third));
    case 'pread': {
      const bytes = new Uint8Array(third);
      return checksum(bytes.subarray(0, process.pread(file, second, bytes)));
    }
    case 'ftruncate':
      process.ftruncate(file, second);
      return null;
    case 'fstat':
      return status(process.fstat(file));
    case 'fsync':
      process.fsync(file);
      return null;
    case 'close':
      closeFd(process, files, fd);
      return null;
    default:
      throw new Error(`no such call: ${name}`);
  }
}

/** The results of all calls, and what the overlay and its upper directory hold afterwards. */
export function runPathCalls(setup: OverlaySetup, calls: readonly PathCall[]): unknown[] {
  const { machine, process } = overlayMachine(setup);
  process.chdir('/ovl');
  const files = new Map<number, OpenFile>();
  const results: unknown[] = calls.map((step) => {
    try {
      const result = call(process, files, step);
      return result === undefined ? ['EBADF'] : ['ok', result];
    } catch (error) {
      if (!isSyscallError(error)) throw error;
      return [error.code];
    }
  });
  for (const fd of [...files.keys()]) closeFd(process, files, fd);
  results.push(tree(machine, process, '/ovl'), tree(machine, process, '/up/u'));
  process.exit();
  return results;
}
