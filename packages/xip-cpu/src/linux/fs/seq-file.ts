import { nameToBytes } from 'cramfs-format';

/** One record of a file, and the position of the next one. */
export interface SeqRecord {
  /** A byte string. */
  readonly text: string;
  readonly next: number;
}

/**
 * struct seq_operations: the record at a position, the first of which is 0; undefined at the end.
 *
 * @throws SyscallError.
 */
export type SeqShow = (position: number) => SeqRecord | undefined;

/** The one record of a file that is shown as a whole. Compare fs/seq_file.c:single_open(). */
export function singleRecord(read: () => string): SeqShow {
  return (position) => (position === 0 ? { text: read(), next: 1 } : undefined);
}

const NOTHING = new Uint8Array(0);

/**
 * struct seq_file: an open file whose records are made when they are read: each read(2) makes as many as it has room
 * for, at most a buffer of them. So a program that reads about its own memory may change it between two records.
 */
export class SeqFile {
  private readonly show: SeqShow;
  private size: number;
  /** Bytes that were made but not read yet. */
  private left: Uint8Array = NOTHING;
  private index = 0;
  private position = 0;

  /** @param size bytes of the buffer: a page. */
  constructor(show: SeqShow, size: number) {
    this.show = show;
    this.size = size;
  }

  /** Compare fs/seq_file.c:seq_read_iter(). */
  read(position: number, into: Uint8Array): number {
    if (position !== this.position || position === 0) this.traverse(position);
    const old = this.take(into);
    const rest = into.subarray(old);
    let copied = old;
    if (rest.length > 0) {
      this.left = this.fill(rest.length);
      copied += this.take(rest);
    }
    this.position = position + copied;
    return copied;
  }

  private take(into: Uint8Array): number {
    const part = this.left.subarray(0, into.length);
    into.set(part);
    this.left = this.left.subarray(part.length);
    return part.length;
  }

  /**
   * Makes records until there are `wanted` bytes, the buffer is full, or there are no more records.
   */
  private fill(wanted: number): Uint8Array {
    let bytes: Uint8Array = NOTHING;
    while (bytes.length < wanted) {
      const record = this.show(this.index);
      if (record === undefined) break;
      const added = nameToBytes(record.text);
      // It grows for a record that does not fit into an empty one.
      while (bytes.length === 0 && added.length >= this.size) this.size *= 2;
      if (bytes.length + added.length >= this.size) break;
      const all = new Uint8Array(bytes.length + added.length);
      all.set(bytes);
      all.set(added, bytes.length);
      bytes = all;
      this.index = record.next;
    }
    return bytes;
  }

  /** Starts again, and skips everything before a position. Compare fs/seq_file.c:traverse(). */
  private traverse(position: number): void {
    this.index = 0;
    this.left = NOTHING;
    let before = position;
    while (before > 0) {
      const record = this.show(this.index);
      if (record === undefined) return;
      const bytes = nameToBytes(record.text);
      this.index = record.next;
      this.left = bytes.subarray(Math.min(before, bytes.length));
      before -= Math.min(before, bytes.length);
    }
  }
}
