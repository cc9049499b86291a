import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from '../../vfs/read-write.js';
import { call, plainCall, type CallTable } from './call.js';

const FALLOCATE_WORDS: ReadonlyMap<string, number> = new Map([
  ['keep_size', FALLOC_FL_KEEP_SIZE],
  ['punch_hole', FALLOC_FL_PUNCH_HOLE],
]);

/** Calls that share blocks between files. Lengths and offsets are bytes. */
export const BLOCK_CALLS: CallTable = {
  fallocate: plainCall(
    (args) => ({
      fd: args.number(),
      offset: args.number(),
      length: args.number(),
      mode: args.optional() ? args.flags(FALLOCATE_WORDS) : 0,
    }),
    (agent, { fd, offset, length, mode }) => {
      agent.process.fallocate(agent.file(fd), mode, offset, length);
    },
  ),
  /** FICLONE, or with a range FICLONERANGE, whose length 0 is the rest of the source. */
  clone: plainCall(
    (args) => ({
      source: args.number(),
      target: args.number(),
      range: args.optional()
        ? { sourceOffset: args.number(), length: args.number(), targetOffset: args.number() }
        : {},
    }),
    (agent, { source, target, range }) => {
      agent.process.ficlone(agent.file(source), agent.file(target), range);
    },
  ),
  /** FIDEDUPERANGE. */
  dedupe: call(
    (args) => ({
      source: args.number(),
      target: args.number(),
      range: { sourceOffset: args.number(), length: args.number(), targetOffset: args.number() },
    }),
    (agent, { source, target, range }) => ({
      ret: 'ok',
      ...agent.process.fideduperange(agent.file(source), agent.file(target), range),
    }),
  ),
};
