import { SyscallError, invariant, isSyscallError } from '../../errno.js';
import type { Trace } from '../../trace.js';
import type { OpenFile } from '../../vfs/file.js';
import { FILESYSTEM_MAX_STACK_DEPTH } from '../../vfs/inode.js';
import type { ResolvedPath } from '../../vfs/namei.js';
import { FUSE_ROOT_ID, type FuseDevice, type FuseRequest, type FuseServer } from './protocol.js';

/** struct fuse_backing: a file of the server that files are passed through to. */
export class FuseBacking {
  readonly file: OpenFile;
  private refs = 1;

  constructor(file: OpenFile) {
    this.file = file.get();
  }

  /** The path by which it is opened again. */
  get path(): ResolvedPath {
    const { mount, inode, path } = this.file;
    invariant(mount !== undefined, 'a server has opened a file without a path');
    return { mount, inode, path };
  }

  get(): this {
    this.refs += 1;
    return this;
  }

  put(): void {
    this.refs -= 1;
    if (this.refs === 0) this.file.put();
  }
}

/** struct fuse_conn: a server and the options negotiated with it. */
export class FuseConnection implements FuseDevice {
  readonly passthrough: boolean;
  /** The file systems of backing files must be stacked less deep than this. 0 without passthrough. */
  readonly maxStackDepth: number;
  readonly directIoAllowMmap: boolean;
  private readonly server: FuseServer;
  private readonly trace: () => Trace;
  /** Requests that the server has answered with ENOSYS and need not be sent again. */
  private readonly missing = new Set<FuseRequest>();
  private readonly backings = new Map<number, FuseBacking>();
  private lastBackingId = 0;

  /**
   * INIT. Compare fs/fuse/inode.c:process_init_reply().
   *
   * @param trace where events go.
   */
  constructor(server: FuseServer, trace: () => Trace) {
    this.server = server;
    this.trace = trace;
    const {
      passthrough = false,
      maxStackDepth = 0,
      directIoAllowMmap = false,
    } = server.init?.(this) ?? {};
    const inRange = maxStackDepth > 0 && maxStackDepth <= FILESYSTEM_MAX_STACK_DEPTH;
    this.passthrough = passthrough && inRange;
    this.maxStackDepth = this.passthrough ? maxStackDepth : 0;
    this.directIoAllowMmap = directIoAllowMmap;
  }

  /**
   * Sends a request and waits for the answer.
   *
   * @throws SyscallError ENOSYS if there is no handler, or what that throws.
   */
  request<K extends FuseRequest>(
    request: K,
    ...args: Parameters<Required<FuseServer>[K]>
  ): ReturnType<Required<FuseServer>[K]> {
    const node = args[0] ?? FUSE_ROOT_ID;
    this.trace().sink?.({ type: 'fuse-request', request, node });
    const handler = this.server[request] as
      ((...all: typeof args) => ReturnType<Required<FuseServer>[K]>) | undefined;
    if (handler === undefined) throw new SyscallError('ENOSYS', `a server without ${request}`);
    return handler.apply(this.server, args);
  }

  /** Sends a request that the server may lack (ENOSYS); after that it is not sent again. */
  optional<K extends 'open' | 'flush' | 'fsync'>(
    request: K,
    ...args: Parameters<Required<FuseServer>[K]>
  ): ReturnType<Required<FuseServer>[K]> | undefined {
    if (this.missing.has(request)) return undefined;
    try {
      return this.request(request, ...args);
    } catch (error) {
      if (!isSyscallError(error, 'ENOSYS')) throw error;
      this.missing.add(request);
      return undefined;
    }
  }

  /** Compare fs/fuse/passthrough.c:fuse_backing_open(). */
  backingOpen(file: OpenFile): number {
    if (!this.passthrough) throw new SyscallError('EPERM', 'no FUSE_PASSTHROUGH');
    const { inode } = file;
    if (inode.isDirectory) throw new SyscallError('EISDIR');
    if (!inode.isRegular) throw new SyscallError('EINVAL', 'not a regular file');
    if (inode.sb.stackDepth >= this.maxStackDepth) {
      throw new SyscallError('ELOOP', 'the backing file is on a stacked file system');
    }
    this.lastBackingId += 1;
    this.backings.set(this.lastBackingId, new FuseBacking(file));
    return this.lastBackingId;
  }

  /** Compare fs/fuse/passthrough.c:fuse_backing_close(). */
  backingClose(backingId: number): void {
    if (backingId <= 0) throw new SyscallError('EINVAL');
    const backing = this.backings.get(backingId);
    if (backing === undefined) throw new SyscallError('ENOENT');
    this.backings.delete(backingId);
    backing.put();
  }

  /** @returns undefined if nothing has that id. */
  backing(backingId: number): FuseBacking | undefined {
    return this.backings.get(backingId);
  }

  /** The file system is gone. Compare fs/fuse/inode.c:fuse_conn_destroy(). */
  destroy(): void {
    for (const backing of this.backings.values()) backing.put();
    this.backings.clear();
    if (this.server.destroy !== undefined) this.request('destroy');
  }
}
