import { SyscallError, invariant } from '../errno.js';
import {
  FOPEN_KEEP_CACHE,
  FOPEN_PASSTHROUGH,
  FUSE_ROOT_ID,
  type FuseAttributes,
  type FuseDevice,
  type FuseEntry,
  type FuseInit,
  type FuseOpened,
  type FuseServer,
} from '../fs/fuse/protocol.js';
import type { FileStatus, Process } from '../process.js';
import { deviceText } from '../vfs/device.js';
import type { OpenFile } from '../vfs/file.js';
import type { DeviceNumber } from '../vfs/device.js';

export interface MirrorServerOptions {
  /** Opens files for passthrough; else each read and write comes through the server. */
  readonly passthrough?: boolean | undefined;
  /** FOPEN_* bits of files that are not passed through; default FOPEN_KEEP_CACHE. */
  readonly openFlags?: number | undefined;
  /** See {@link FuseInit}; default 1. */
  readonly maxStackDepth?: number | undefined;
}

interface Opened {
  readonly file: OpenFile;
  readonly node: number;
}

/** A registered backing file, and how many files use it. */
interface Registered {
  readonly backingId: number;
  users: number;
}

/**
 * A FUSE server that shows a directory of the tree at another place, as the example passthrough_hp
 * of libfuse does: a program, in its own process.
 */
export class MirrorServer implements FuseServer {
  private readonly process: Process;
  private readonly options: MirrorServerOptions;
  private device: FuseDevice | undefined = undefined;
  /** Where a node was found last. */
  private readonly paths = new Map<number, string>();
  /** Keyed by device and inode, so that all names of a file are one node. */
  private readonly nodes = new Map<string, number>();
  private readonly opened = new Map<number, Opened>();
  private readonly registered = new Map<number, Registered>();
  private lastHandle = 0;

  /** @param root absolute path of a directory, a byte string. */
  constructor(process: Process, root: string, options: MirrorServerOptions = {}) {
    this.process = process;
    this.options = options;
    this.paths.set(FUSE_ROOT_ID, root);
  }

  init(device: FuseDevice): FuseInit {
    this.device = device;
    const { passthrough = false, maxStackDepth = 1 } = this.options;
    return { passthrough, maxStackDepth };
  }

  lookup(parent: number, name: string): FuseEntry {
    return this.entry(this.child(parent, name));
  }

  /** Also works for an open file that has lost its name. */
  getattr(node: number): FuseAttributes {
    const file = this.openFile(node, false);
    return attributesOf(
      file === undefined ? this.process.lstat(this.path(node)) : this.process.fstat(file),
    );
  }

  setattr(node: number, size: number): FuseAttributes {
    const file = this.openFile(node, true);
    if (file === undefined) this.process.truncate(this.path(node), size);
    else this.process.ftruncate(file, size);
    return this.getattr(node);
  }

  readlink(node: number): string {
    return this.process.readlink(this.path(node));
  }

  mknod(parent: number, name: string, mode: number, rdev: DeviceNumber): FuseEntry {
    const path = this.child(parent, name);
    this.process.mknod(path, mode, rdev);
    return this.entry(path);
  }

  mkdir(parent: number, name: string, mode: number): FuseEntry {
    const path = this.child(parent, name);
    this.process.mkdir(path, mode);
    return this.entry(path);
  }

  unlink(parent: number, name: string): void {
    this.process.unlink(this.child(parent, name));
  }

  rmdir(parent: number, name: string): void {
    this.process.rmdir(this.child(parent, name));
  }

  symlink(parent: number, name: string, target: string): FuseEntry {
    const path = this.child(parent, name);
    this.process.symlink(target, path);
    return this.entry(path);
  }

  link(parent: number, name: string, existing: number): FuseEntry {
    const path = this.child(parent, name);
    this.process.link(this.path(existing), path);
    return this.entry(path);
  }

  rename(parent: number, name: string, newParent: number, newName: string): void {
    this.process.rename(this.child(parent, name), this.child(newParent, newName));
  }

  open(node: number, { write }: { readonly write: boolean }): FuseOpened {
    const file = this.process.open(this.path(node), { write });
    this.lastHandle += 1;
    const handle = this.lastHandle;
    this.opened.set(handle, { file, node });
    if (this.options.passthrough !== true) {
      return { handle, flags: this.options.openFlags ?? FOPEN_KEEP_CACHE };
    }
    try {
      return { handle, flags: FOPEN_PASSTHROUGH, backingId: this.register(node, file) };
    } catch (error) {
      this.opened.delete(handle);
      this.process.close(file);
      throw error;
    }
  }

  read(_node: number, handle: number, offset: number, size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    return bytes.subarray(0, this.process.pread(this.fileOf(handle), offset, bytes));
  }

  write(_node: number, handle: number, offset: number, bytes: Uint8Array): number {
    return this.process.pwrite(this.fileOf(handle), offset, bytes);
  }

  fsync(_node: number, handle: number): void {
    this.process.fsync(this.fileOf(handle));
  }

  release(node: number, handle: number): void {
    this.process.close(this.fileOf(handle));
    this.opened.delete(handle);
    const registered = this.registered.get(node);
    if (registered === undefined) return;
    registered.users -= 1;
    if (registered.users > 0) return;
    this.registered.delete(node);
    this.device?.backingClose(registered.backingId);
  }

  destroy(): void {
    this.process.exit();
  }

  /** All files of a node have to be passed through to one backing file. */
  private register(node: number, file: OpenFile): number {
    const known = this.registered.get(node);
    if (known !== undefined) {
      known.users += 1;
      return known.backingId;
    }
    invariant(this.device !== undefined, 'INIT comes first');
    const backingId = this.device.backingOpen(file);
    this.registered.set(node, { backingId, users: 1 });
    return backingId;
  }

  private entry(path: string): FuseEntry {
    const status = this.process.lstat(path);
    const key = `${deviceText(status.dev)} ${status.ino}`;
    const nodeId = this.nodes.get(key) ?? FUSE_ROOT_ID + 1 + this.nodes.size;
    this.nodes.set(key, nodeId);
    this.paths.set(nodeId, path);
    return { nodeId, attributes: attributesOf(status) };
  }

  /** A file of the node that is open, with `write` for writing. */
  private openFile(node: number, write: boolean): OpenFile | undefined {
    for (const { file, node: other } of this.opened.values()) {
      if (other === node && (file.writable || !write)) return file;
    }
    return undefined;
  }

  private path(node: number): string {
    const path = this.paths.get(node);
    if (path === undefined) throw new SyscallError('ENOENT');
    return path;
  }

  private child(parent: number, name: string): string {
    const path = this.path(parent);
    return path === '/' ? `/${name}` : `${path}/${name}`;
  }

  private fileOf(handle: number): OpenFile {
    const opened = this.opened.get(handle);
    if (opened === undefined) throw new SyscallError('EBADF');
    return opened.file;
  }
}

function attributesOf({ mode, size, links, ino, rdev }: FileStatus): FuseAttributes {
  return { mode, size, links, ino, rdev };
}
