import { invariant, SyscallError } from '../../errno.js';
import {
  ADVICE,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  MS_ASYNC,
  MS_INVALIDATE,
  MS_SYNC,
} from '../../memory-map.js';
import { PIECE, hex8, type Agent } from '../agent.js';
import type { Arguments } from '../arguments.js';
import type { Fields, Mapping } from '../ops.js';
import { call, rangeCall, type CallTable, type Span } from './call.js';

const MAP_WORDS: ReadonlyMap<string, number> = new Map([
  ['private', MAP_PRIVATE],
  ['shared', MAP_SHARED],
  ['fixed', MAP_FIXED],
  ['fixed_noreplace', MAP_FIXED_NOREPLACE],
  ['anon', MAP_ANONYMOUS],
  ['noreserve', MAP_NORESERVE],
  ['populate', MAP_POPULATE],
]);

const MREMAP_WORDS: ReadonlyMap<string, number> = new Map([
  ['maymove', MREMAP_MAYMOVE],
  ['fixed', MREMAP_FIXED],
  ['dontunmap', MREMAP_DONTUNMAP],
]);

const MSYNC_WORDS: ReadonlyMap<string, number> = new Map([
  ['async', MS_ASYNC],
  ['invalidate', MS_INVALIDATE],
  ['sync', MS_SYNC],
]);

/** The modulus of an offset in bytes: offsets wrap there. */
const OFFSET_SPAN = 2 ** 64;

/** Calls on memory. Lengths and offsets are bytes; `page` and `pgoff` count pages. */
export const MEMORY_CALLS: CallTable = {
  mmap: call(
    (args) => ({
      id: args.text(),
      fd: args.fd(),
      length: args.number(),
      prot: args.prot(),
      flags: args.flags(MAP_WORDS),
      pgoff: args.number(),
      address: args.optional() ? args.number() : 0,
    }),
    ({ files, mappings, ops, process }, { id, fd, length, prot, flags, pgoff, address }) => {
      const file = files.get(fd);
      if (file === undefined && (flags & MAP_ANONYMOUS) === 0) throw new SyscallError('EBADF');
      // The recorder called mmap(2) with a byte offset of 64 bits.
      const within = pgoff % (OFFSET_SPAN / ops.machine.pageSize);
      const at = process.mm.mmap({ address, length, prot, flags, pgoff: within, file });
      const mapping = { id, address: at, length, unmapped: false };
      mappings.set(id, mapping);
      return { ret: 'ok', addr: ops.addressField(process, mapping) };
    },
  ),
  touch: rangeCall(
    'touch',
    (args) => ({ page: args.number(), access: args.word(['r', 'w', 'x']) }),
    ({ page, access }, _mapping, pageSize) => ({
      offset: page * pageSize,
      length: 1,
      write: access === 'w',
    }),
    ({ process: { mm } }, { page, access }, address) => {
      if (access === 'r') return { ret: 'ok', val: mm.load(address) };
      if (access === 'x') {
        mm.fetch(address);
        return { ret: 'ok' };
      }
      const val = (0xa5 + 31 * page) & 255;
      mm.store(address, val);
      return { ret: 'ok', val };
    },
  ),
  sum: rangeCall('sum', span, itself, (agent, { length }, address, mapping) =>
    sum(agent, mapping.address, address, length),
  ),
  munmap: rangeCall('munmap', span, itself, ({ process }, { length }, address, mapping) => {
    process.mm.munmap(address, length);
    mapping.unmapped = true;
    return { ret: 'ok' };
  }),
  mprotect: rangeCall(
    'mprotect',
    (args) => ({ ...span(args), prot: args.prot() }),
    itself,
    ({ process }, { length, prot }, address) => {
      process.mm.mprotect(address, length, prot);
      return { ret: 'ok' };
    },
  ),
  madvise: rangeCall(
    'madvise',
    (args) => ({ ...span(args), advice: args.word(ADVICE) }),
    itself,
    ({ process }, { length, advice }, address) => {
      process.mm.madvise(address, length, advice);
      return { ret: 'ok' };
    },
  ),
  msync: rangeCall(
    'msync',
    (args) => ({ ...span(args), flags: args.optional() ? args.flags(MSYNC_WORDS) : MS_SYNC }),
    itself,
    ({ process }, { length, flags }, address) => {
      process.mm.msync(address, length, flags);
      return { ret: 'ok' };
    },
  ),
  mincore: rangeCall(
    'mincore',
    () => undefined,
    whole,
    ({ process }, _, address, { length }) => ({
      ret: 'ok',
      vec: process.mm.mincore(address, length).join(''),
    }),
  ),
  mremap: rangeCall(
    'mremap',
    (args) => ({
      length: args.number(),
      flags: args.optional() ? args.flags(MREMAP_WORDS) : 0,
      newAddress: args.optional() ? args.number() : 0,
    }),
    whole,
    ({ mappings, ops, process }, { length, flags, newAddress }, from, mapping) => {
      const address = process.mm.mremap(from, mapping.length, length, flags, newAddress);
      const moved = { ...mapping, address, length };
      mappings.set(mapping.id, moved);
      return { ret: 'ok', addr: ops.addressField(process, moved) };
    },
  ),
};

/** OFF LEN */
function span(args: Arguments): Span {
  return { offset: args.number(), length: args.number() };
}

function itself(operands: Span): Span {
  return operands;
}

function whole(_: unknown, { length }: Mapping): Span {
  return { offset: 0, length };
}

/** @param base the address that offsets of faults are relative to. */
function sum(
  { process: { mm }, buffer, crc32 }: Agent,
  base: number,
  address: number,
  length: number,
): Fields {
  let crc = 0;
  for (let done = 0; done < length;) {
    const piece = buffer.subarray(0, Math.min(PIECE, length - done));
    const { loaded, fault } = mm.loadRange(address + done, piece);
    if (fault !== undefined) {
      return { ret: fault.signal, code: fault.code, at: fault.address - base };
    }
    invariant(loaded === piece.length, 'a load that neither ended nor faulted');
    crc = crc32(piece, crc);
    done += loaded;
  }
  return { ret: 'ok', crc: hex8(crc) };
}
