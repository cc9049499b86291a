import { Machine, type MachineOptions } from '#xip-emu/machine.js';
import { TarfsSuperBlock } from '#xip-emu/fs/tarfs/super.js';
import type { TarfsInode } from '#xip-emu/fs/tarfs/inode.js';
import type { Process } from '#xip-emu/process.js';

export interface TarfsWorld {
  readonly machine: Machine;
  readonly tarfs: TarfsSuperBlock;
  /** Its working directory is the root of the archive, /tar. */
  readonly process: Process;
}

/** A machine with an archive mounted on /tar. */
export function tarfsWorld(
  archive: Uint8Array,
  options: MachineOptions & { readonly readOnly?: boolean } = {},
): TarfsWorld {
  const machine = new Machine(options);
  const { readOnly } = options;
  const tarfs = machine.mount(
    '/tar',
    new TarfsSuperBlock(archive, { phys: machine.phys, readOnly }),
  );
  const process = machine.spawn();
  process.chdir('/tar');
  return { machine, tarfs, process };
}

/** The pager of a file, if it has one. */
export function hasPager(tarfs: TarfsSuperBlock, name: string): boolean {
  return inodeAt(tarfs, name).mapping !== undefined;
}

export function inodeAt(tarfs: TarfsSuperBlock, path: string): TarfsInode {
  let inode: TarfsInode | undefined = tarfs.root;
  for (const name of path.split('/')) inode = inode?.lookup(name);
  if (inode === undefined) throw new Error(`no ${path} in the archive`);
  return inode;
}

/** The whole content of a file by read(2). */
export function readAll(process: Process, path: string): Uint8Array {
  const file = process.open(path);
  try {
    const bytes = new Uint8Array(process.fstat(file).size);
    return bytes.subarray(0, process.pread(file, 0, bytes));
  } finally {
    process.close(file);
  }
}

export function writeAt(process: Process, path: string, position: number, bytes: Uint8Array): void {
  const file = process.open(path, { write: true, create: true });
  try {
    process.pwrite(file, position, bytes);
  } finally {
    process.close(file);
  }
}
