import { closeSync, constants, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { isCramfsError, type CramfsError } from 'cramfs-format';
import { borrowBlockContent, checkedBlockCount, decodeBlock } from '../../blocks.js';
import type { CramfsImage } from '../../image.js';
import type { Inode } from '../../types.js';
import { createNew } from './create-new.js';
import type { DirectoryCursor } from './directory-cursor.js';
import { attributesOf, setAttributes, type AttributeRules } from './attributes.js';

/** What happens to a file with a block that cannot be read. */
export type DamagePolicy =
  /** There is no file. */
  | 'remove'
  /** Zeros replace such a block. */
  | 'zeros';

/** How all files of an extraction are written. */
export interface FileRules extends AttributeRules {
  /** Replace files that are in the way. */
  readonly force: boolean;
  readonly damage: DamagePolicy;
}

/** Bytes gathered before they are written. */
const BUFFER_SIZE = 1 << 20;

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
const OWNER_ONLY = 0o600;

/**
 * Makes the file: always a new one, never through a symlink (O_EXCL). Holes of the image become
 * holes of the file.
 *
 * @param name path in the image, a byte string; its directories have been made.
 * @returns what is damaged, if the policy is `zeros`: the first error of the file.
 * @throws CramfsError if the image is damaged, or the system's error; then there is no new file.
 */
export function writeFile(
  image: CramfsImage,
  name: string,
  inode: Inode,
  rules: FileRules,
  cursor: DirectoryCursor,
): CramfsError | undefined {
  const path = cursor.pathTo(name);
  const fd = createNew(path, rules.force, () =>
    openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, OWNER_ONLY),
  );
  let complete = false;
  try {
    const error = writeContent(image, inode, fd, rules.damage);
    setAttributes(fd, attributesOf(inode, rules));
    complete = true;
    return error;
  } finally {
    closeSync(fd);
    if (!complete) unlinkSync(path);
  }
}

function writeContent(
  image: CramfsImage,
  inode: Inode,
  fd: number,
  damage: DamagePolicy,
): CramfsError | undefined {
  const file = new SparseFile(fd);
  let firstError: CramfsError | undefined;
  const salvage = <T>(action: () => T): T | undefined => {
    try {
      return action();
    } catch (error) {
      if (damage === 'remove' || !isCramfsError(error)) throw error;
      firstError ??= error;
      return undefined;
    }
  };
  const count = salvage(() => checkedBlockCount(image, inode)) ?? 0;
  for (let index = 0; index < count; index += 1) {
    const content = salvage(() => {
      const block = decodeBlock(image, inode, index, count);
      return block.kind === 'hole' ? undefined : borrowBlockContent(image, block);
    });
    if (content !== undefined) file.write(index * image.blockSize, content);
  }
  file.finish(inode.size);
  return firstError;
}

/** One for all files of a thread: its content never outlives a call of writeContent(). */
const buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);

/** Gathers small pieces into large writes; ranges that are not written stay holes. */
class SparseFile {
  private readonly fd: number;
  /** Where the gathered bytes belong, and how many there are. */
  private position = 0;
  private gathered = 0;
  private end = 0;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** @param position not before the end of what was written. */
  write(position: number, content: Uint8Array): void {
    const next = this.position + this.gathered;
    if (position !== next || this.gathered + content.length > BUFFER_SIZE) {
      this.flush();
      this.position = position;
    }
    buffer.set(content, this.gathered);
    this.gathered += content.length;
  }

  finish(size: number): void {
    this.flush();
    if (this.end < size) ftruncateSync(this.fd, size);
  }

  private flush(): void {
    for (let done = 0; done < this.gathered;) {
      done += writeSync(this.fd, buffer, done, this.gathered - done, this.position + done);
    }
    if (this.gathered > 0) this.end = this.position + this.gathered;
    this.gathered = 0;
  }
}
