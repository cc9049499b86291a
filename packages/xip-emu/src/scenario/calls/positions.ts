import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
  S_IFSOCK,
  nameToText,
} from 'cramfs-format';
import { call, plainCall, type CallTable } from './call.js';

const WHENCES = ['set', 'cur', 'end', 'data', 'hole'] as const;

/** d_type of getdents(2). Compare fs/fs_types.c:fs_umode_to_dtype(). */
const DIRENT_TYPES: ReadonlyMap<number, string> = new Map([
  [S_IFIFO, 'DT_FIFO'],
  [S_IFCHR, 'DT_CHR'],
  [S_IFDIR, 'DT_DIR'],
  [S_IFBLK, 'DT_BLK'],
  [S_IFREG, 'DT_REG'],
  [S_IFLNK, 'DT_LNK'],
  [S_IFSOCK, 'DT_SOCK'],
]);

/** Calls on the position of an open file, and on its number. */
export const POSITION_CALLS: CallTable = {
  lseek: call(
    (args) => ({ fd: args.number(), offset: args.signed(), whence: args.word(WHENCES) }),
    (agent, { fd, offset, whence }) => ({
      ret: 'ok',
      pos: agent.process.lseek(agent.file(fd), offset, whence),
    }),
  ),
  readdir: call(
    (args) => ({ fd: args.number(), limit: args.optional() ? args.number() : Infinity }),
    (agent, { fd, limit }) => {
      const entries = agent.process.getdents(agent.file(fd), limit);
      return {
        ret: 'ok',
        entries: entries.map(({ name, ino, type }) => ({
          name: nameToText(name),
          ino,
          type: DIRENT_TYPES.get(type) ?? 'DT_UNKNOWN',
        })),
      };
    },
  ),
  dup: plainCall(
    (args) => ({ fd: args.number(), newFd: args.number() }),
    (agent, { fd, newFd }) => {
      const file = agent.file(fd);
      if (fd === newFd) return;
      agent.close(newFd);
      agent.files.set(newFd, agent.process.dup(file));
    },
  ),
};
