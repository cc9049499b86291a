import { dataOffset, fileType, hasData, oldDecodeDev, type RawInode } from 'cramfs-format';
import type { Inode } from './types.js';

/**
 * Interprets a stored inode.
 *
 * @param entryOffset its image offset.
 * @param linuxEntryOffset the offset Linux takes for it: 0 for the root, wherever that is.
 */
export function makeInode(
  raw: Readonly<RawInode>,
  entryOffset: number,
  linuxEntryOffset = entryOffset,
): Inode {
  const type = fileType(raw.mode);
  return {
    ino:
      raw.offset !== 0 && raw.size !== 0 && hasData(raw.mode)
        ? dataOffset(raw)
        : linuxEntryOffset + 1,
    entryOffset,
    mode: raw.mode,
    type,
    uid: raw.uid,
    gid: raw.gid,
    size: raw.size,
    dataOffset: dataOffset(raw),
    rdev: type === 'char-device' || type === 'block-device' ? oldDecodeDev(raw.size) : undefined,
  };
}
