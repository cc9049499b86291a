import { crc32, textToName } from 'cramfs-format';
import { TarfsSuperBlock } from '../../fs/tarfs/super.js';
import type { Machine } from '../../machine.js';
import type { OpenFile } from '../../vfs/file.js';
import { PIECE, hex8, type Agent } from '../agent.js';
import type { Fields } from '../ops.js';
import { call, plainCall, type CallTable } from './call.js';

/** Calls on open files. Lengths and offsets are bytes. */
export const FILE_CALLS: CallTable = {
  open: call(
    (args) => ({ fd: args.number(), path: args.text(), options: args.openOptions() }),
    (agent, { fd, path, options }) => {
      agent.close(fd);
      const file = agent.process.open(textToName(path), options);
      agent.files.set(fd, file);
      return { ret: 'ok', size: sizeOf(file) };
    },
  ),
  close: call(
    (args) => args.number(),
    (agent, fd) => ({ ret: agent.close(fd) ? 'ok' : 'EBADF' }),
  ),
  read: call(
    (args) => ({ fd: args.number(), offset: args.place(), length: args.number() }),
    (agent, { fd, offset, length }) => read(agent, fd, offset, length),
  ),
  write: call(
    (args) => ({
      fd: args.number(),
      offset: args.place(),
      length: args.number(),
      seed: args.number(),
    }),
    (agent, { fd, offset, length, seed }) =>
      write(agent, fd, offset, content(offset ?? agent.file(fd).position, length, seed)),
  ),
  truncate: plainCall(
    (args) => ({ file: args.fileOrPath(), size: args.number() }),
    (agent, { file, size }) => {
      if (typeof file === 'string') agent.process.truncate(textToName(file), size);
      else agent.process.ftruncate(agent.file(file), size);
    },
  ),
  fsync: plainCall(
    (args) => args.number(),
    (agent, fd) => {
      agent.process.fsync(agent.file(fd));
    },
  ),
  sync: call(
    () => undefined,
    ({ ops: { machine } }) => {
      machine.sync();
      return { ret: 'ok', ...archiveStatus(machine) };
    },
  ),
};

/** The size of an open file, as lseek() to the end gives it. */
function sizeOf(file: OpenFile): number {
  return file.fops.llseek?.(file, 0, 'end') ?? file.inode.size;
}

/** Reads in pieces, as the recording agent did; an error after the first piece ends it. */
function read(agent: Agent, fd: number, offset: number | undefined, length: number): Fields {
  const { buffer, crc32, process } = agent;
  const file = agent.file(fd);
  let crc = 0;
  let got = 0;
  while (got < length) {
    const piece = buffer.subarray(0, Math.min(PIECE, length - got));
    let count: number;
    try {
      count =
        offset === undefined ? process.read(file, piece) : process.pread(file, offset + got, piece);
    } catch (error) {
      if (got === 0) throw error;
      break;
    }
    crc = crc32(piece.subarray(0, count), crc);
    got += count;
    if (count < piece.length) break;
  }
  return { ret: 'ok', got, crc: hex8(crc) };
}

/** Writes in pieces, as the recording agent did. */
function write(agent: Agent, fd: number, offset: number | undefined, bytes: Uint8Array): Fields {
  const { process } = agent;
  const file = agent.file(fd);
  let put = 0;
  while (put < bytes.length) {
    const piece = bytes.subarray(put, put + PIECE);
    const count =
      offset === undefined ? process.write(file, piece) : process.pwrite(file, offset + put, piece);
    put += count;
    if (count < piece.length) break;
  }
  return { ret: 'ok', put };
}

/** The bytes that the recording agent wrote. */
function content(offset: number, length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) {
    const at = offset + index;
    bytes[index] = (seed * 131 + 7 * at + 13 * Math.floor(at / 256)) & 255;
  }
  return bytes;
}

/** Size and CRC-32 of the mounted archive; nothing if there is none. */
function archiveStatus({ mounts }: Machine): Fields {
  for (const { sb } of mounts) {
    if (!(sb instanceof TarfsSuperBlock)) continue;
    return { size: sb.archive.length, crc: hex8(crc32(sb.archive)) };
  }
  return {};
}
