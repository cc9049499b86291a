import { CRAMFS_INODE_SIZE, bytesToName } from 'cramfs-format';

/** A directory entry as a lookup sees it. */
export interface ScannedEntry {
  /** Bytes from the start of the directory. */
  readonly offset: number;
  /** Bytes of the name field. */
  readonly fieldLength: number;
  /** The bytes that hold the entry, and where it is in them. */
  readonly bytes: Uint8Array;
  readonly start: number;
}

/** How a lookup ends: at the entry, or at one without a name, which is EIO. */
export type IndexedAnswer = { readonly found: number } | { readonly nameless: number } | undefined;

const BYTES = 256;
const MIN_SLOTS = 16;
/** Marks an empty slot in {@link DirectoryIndex.slots}. */
const FREE = 0xffffffff;

/**
 * Answers for a large directory what a scan of its entries from the first one on answers: it has each
 * place where such a scan may stop. It takes about 12 bytes for an entry.
 */
export class DirectoryIndex {
  /** Offsets of the first entries of each name, by a hash of the name. */
  private slots = new Uint32Array(MIN_SLOTS).fill(FREE);
  private names = 0;
  private readonly nameAt: (offset: number) => string;
  /** Where the first entry is whose name starts with a byte above this one. */
  private readonly firstAbove = new Array<number>(BYTES).fill(Infinity);
  private highest = -1;
  /** Where the first entry without a name is, by the length of its field. */
  private readonly nameless = new Map<number, number>();
  /** Entries whose names sort after all of the same length before them, by that length. */
  private readonly records = new Map<number, number[]>();
  private readonly sorted: boolean;

  /**
   * @param entries all that a scan passes.
   * @param nameAt the name of one of them.
   * @param sorted the scan stops after the place where the name would be.
   */
  constructor(
    entries: Iterable<ScannedEntry>,
    nameAt: (offset: number) => string,
    sorted: boolean,
  ) {
    this.nameAt = nameAt;
    this.sorted = sorted;
    for (const entry of entries) this.add(entry);
  }

  /** @param name byte string, not empty. */
  find(name: string): IndexedAnswer {
    const found = this.slots[this.slotOf(name)]!;
    const nameless = this.nameless.get(Math.ceil(name.length / 4) * 4) ?? Infinity;
    const passed = this.sorted ? this.placePassed(name) : Infinity;
    if (found !== FREE && found < Math.min(nameless, passed)) return { found };
    return nameless < passed ? { nameless } : undefined;
  }

  private add({ offset, fieldLength, bytes, start }: ScannedEntry): void {
    const nameStart = start + CRAMFS_INODE_SIZE;
    const first = fieldLength === 0 ? 0 : bytes[nameStart]!;
    for (; this.highest < first - 1; this.highest += 1) this.firstAbove[this.highest + 1] = offset;
    let length = fieldLength;
    while (length > 0 && bytes[nameStart + length - 1] === 0) length -= 1;
    if (length === 0) {
      if (!this.nameless.has(fieldLength)) this.nameless.set(fieldLength, offset);
      return;
    }
    // A scan compares only names whose fields have the same length.
    if (Math.ceil(length / 4) * 4 !== fieldLength) return;
    const name = bytesToName(bytes.subarray(nameStart, nameStart + length));
    this.addName(name, offset);
    if (this.sorted) this.addRecord(name, offset);
  }

  private addName(name: string, offset: number): void {
    const slot = this.slotOf(name);
    if (this.slots[slot] !== FREE) return;
    this.slots[slot] = offset;
    this.names += 1;
    if (this.names * 2 > this.slots.length) this.grow();
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Uint32Array(old.length * 2).fill(FREE);
    for (const offset of old) {
      if (offset !== FREE) this.slots[this.slotOf(this.nameAt(offset))] = offset;
    }
  }

  /** The slot that has a name, or where it belongs. */
  private slotOf(name: string): number {
    const { slots } = this;
    const mask = slots.length - 1;
    for (let slot = hashOf(name) & mask; ; slot = (slot + 1) & mask) {
      const offset = slots[slot]!;
      if (offset === FREE || this.nameAt(offset) === name) return slot;
    }
  }

  private addRecord(name: string, offset: number): void {
    const offsets = this.records.get(name.length);
    const last = offsets?.at(-1);
    if (offsets === undefined || last === undefined) this.records.set(name.length, [offset]);
    else if (this.nameAt(last) < name) offsets.push(offset);
  }

  /** Where a scan of a sorted directory can tell that the name is missing. */
  private placePassed(name: string): number {
    const above = this.firstAbove[name.charCodeAt(0)] ?? Infinity;
    const offsets = this.records.get(name.length) ?? [];
    let low = 0;
    let high = offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.nameAt(offsets[middle]!) > name) high = middle;
      else low = middle + 1;
    }
    return Math.min(above, offsets[low] ?? Infinity);
  }
}

/** FNV-1a; the high bits are folded into the low ones that are used. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) >>> 0;
}
