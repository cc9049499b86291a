import { SyscallError, isSyscallError } from '../../errno.js';
import { UNNAMED_DEVICE } from '../../vfs/device.js';
import { RENAME_EXCHANGE, type Inode } from '../../vfs/inode.js';
import { WHITEOUT_MODE } from '../../vfs/simple-inode.js';

/**
 * The directory in which files are made before they get their places in the upper layer, so that
 * nobody sees them half made: `workdir/work`.
 */
export class WorkDirectory {
  readonly inode: Inode;
  private nextTemp = 0;
  /** A whiteout to which further ones are linked. */
  private whiteout: string | undefined = undefined;
  private sharesWhiteouts = true;

  constructor(inode: Inode) {
    this.inode = inode;
  }

  /** Returns a name that is not in use. Compare fs/overlayfs/dir.c:ovl_lookup_temp(). */
  tempName(): string {
    const name = `#${this.nextTemp.toString(16)}`;
    this.nextTemp += 1;
    return name;
  }

  /**
   * A temporary entry, and what `use` gives. If `use` fails the entry goes.
   *
   * @param make gives what the directory can't make as undefined: EPERM.
   */
  withTemp<T>(
    make: (directory: Inode, name: string) => Inode | undefined,
    use: (name: string, inode: Inode) => T,
  ): T {
    const name = this.tempName();
    const inode = make(this.inode, name);
    if (inode === undefined) throw new SyscallError('EPERM');
    try {
      return use(name, inode);
    } catch (error) {
      this.cleanup(name);
      throw error;
    }
  }

  /** Removes an entry if it still exists. Compare fs/overlayfs/dir.c:ovl_cleanup(). */
  cleanup(name: string): void {
    const inode = this.inode.lookup(name);
    if (inode === undefined) return;
    if (inode.isDirectory) this.inode.rmdir?.(name);
    else this.inode.unlink?.(name);
  }

  /** Moves an entry into place, exchanging it with what is there or replacing that. */
  moveTo(name: string, directory: Inode, newName: string, exchange = false): void {
    if (this.inode.rename === undefined) throw new SyscallError('EPERM');
    this.inode.rename(name, directory, newName, exchange ? RENAME_EXCHANGE : 0);
  }

  /** A temporary whiteout. Compare fs/overlayfs/dir.c:ovl_whiteout(). @throws SyscallError ENOSPC. */
  private makeWhiteout(): string {
    if (this.whiteout === undefined) {
      const name = this.tempName();
      if (this.inode.mknod === undefined) throw new SyscallError('EPERM');
      this.inode.mknod(name, WHITEOUT_MODE, UNNAMED_DEVICE);
      this.whiteout = name;
    }
    const shared = this.whiteout;
    if (this.sharesWhiteouts) {
      const name = this.tempName();
      try {
        if (this.inode.link === undefined) throw new SyscallError('EPERM');
        const from = { parent: this.inode, name: shared };
        this.inode.link(name, this.inode.lookup(shared)!, from);
        return name;
      } catch (error) {
        if (!isSyscallError(error)) throw error;
        if (error.code !== 'EMLINK') this.sharesWhiteouts = false;
      }
    }
    this.whiteout = undefined;
    return shared;
  }

  /**
   * Puts a whiteout in the place of `name`, and removes what was there. Compare
   * fs/overlayfs/dir.c:ovl_cleanup_and_whiteout().
   */
  cleanupAndWhiteout(directory: Inode, name: string): void {
    const isDirectory = directory.lookup(name)?.isDirectory === true;
    const temp = this.makeWhiteout();
    try {
      this.moveTo(temp, directory, name, isDirectory);
    } catch (error) {
      this.cleanup(temp);
      throw error;
    }
    if (isDirectory) this.cleanup(temp);
  }
}
