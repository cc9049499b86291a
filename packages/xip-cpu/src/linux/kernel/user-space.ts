import { AccessFault, SyscallError } from 'xip-emu';
import { bytesToName } from 'cramfs-format';
import type { UserMemory } from '../../memory/user-memory.js';
import type { StructLayout, FieldValues } from '../abi/struct-layout.js';

const PATH_MAX = 4096;

/** The memory of a process as the kernel reads and writes it, with ordinary page faults. */
export class UserSpace {
  readonly memory: UserMemory;
  private readonly pageSize: number;
  private bytes = new Uint8Array(0);

  constructor(memory: UserMemory) {
    this.memory = memory;
    this.pageSize = 2 ** memory.pageShift;
  }

  /** copy_from_user(). @throws SyscallError EFAULT. */
  read(address: number, length: number): Uint8Array {
    const into = new Uint8Array(length);
    this.eachPiece(address, length, 'read', (place, done, size) => {
      into.set(this.view().subarray(place, place + size), done);
    });
    return into;
  }

  /** copy_to_user(): writes everything before a bad page. @throws SyscallError EFAULT. */
  write(address: number, bytes: Uint8Array): void {
    this.eachPiece(address, bytes.length, 'write', (place, done, size) => {
      this.view().set(bytes.subarray(done, done + size), place);
    });
  }

  /** clear_user(). @throws SyscallError EFAULT. */
  clear(address: number, length: number): void {
    this.eachPiece(address, length, 'write', (place, _done, size) => {
      this.view().fill(0, place, place + size);
    });
  }

  /**
   * Reads a string that ends with a NUL; a byte string. @throws SyscallError EFAULT, ENAMETOOLONG.
   */
  string(address: number, limit = PATH_MAX): string {
    let text = '';
    for (let at = address; ;) {
      const room = this.pageSize - (at % this.pageSize);
      const place = this.place(at, 'read');
      const page = this.view().subarray(place, place + room);
      const end = page.indexOf(0);
      text += bytesToName(end < 0 ? page : page.subarray(0, end));
      if (text.length >= limit) throw new SyscallError('ENAMETOOLONG');
      if (end >= 0) return text;
      at += room;
    }
  }

  /** get_user() of 4 bytes. */
  readInt32(address: number): number {
    return new DataView(this.read(address, 4).buffer).getInt32(0, true);
  }

  /** put_user() of 4 bytes. */
  writeInt32(address: number, value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, value, true);
    this.write(address, bytes);
  }

  /** get_user() of 8 bytes; beyond 2^53 the number is rounded. */
  readUint64(address: number): number {
    return Number(this.readBits64(address));
  }

  readBits64(address: number): bigint {
    return new DataView(this.read(address, 8).buffer).getBigUint64(0, true);
  }

  writeBits64(address: number, value: bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value, true);
    this.write(address, bytes);
  }

  /** Reads a word of the size of a pointer. */
  readWord(address: number, pointerSize: 4 | 8): number {
    return pointerSize === 4 ? this.readInt32(address) >>> 0 : this.readUint64(address);
  }

  writeWord(address: number, value: number, pointerSize: 4 | 8): void {
    if (pointerSize === 4) this.writeInt32(address, value | 0);
    else this.writeBits64(address, BigInt(value));
  }

  /**
   * Returns the bytes of a structure, for {@link StructLayout.get}. @throws SyscallError EFAULT.
   */
  readStruct(address: number, layout: StructLayout): Uint8Array {
    return this.read(address, layout.size);
  }

  /** @throws SyscallError EFAULT. */
  writeStruct(address: number, layout: StructLayout, values: FieldValues): void {
    this.write(address, layout.encode(values));
  }

  private eachPiece(
    address: number,
    length: number,
    access: 'read' | 'write',
    action: (place: number, done: number, size: number) => void,
  ): void {
    for (let done = 0; done < length;) {
      const at = address + done;
      const size = Math.min(this.pageSize - (at % this.pageSize), length - done);
      action(this.place(at, access), done, size);
      done += size;
    }
  }

  /** Returns the place of a byte in the processor's memory. */
  private place(address: number, access: 'read' | 'write'): number {
    try {
      return this.memory.frameBytes(address, access) + (address % this.pageSize);
    } catch (error) {
      if (error instanceof AccessFault) throw new SyscallError('EFAULT');
      throw error;
    }
  }

  private view(): Uint8Array {
    const { buffer } = this.memory.memory;
    if (this.bytes.buffer !== buffer) this.bytes = new Uint8Array(buffer);
    return this.bytes;
  }
}
