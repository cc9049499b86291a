import { formatMode, nameToText, plural, fileTypeName } from 'cramfs-format';
import { surveyBlocks } from './blocks.js';
import type { CheckContext } from './context.js';
import { pathOf, type CheckedEntry } from './entry.js';

/** Device numbers keep eight bits each: compare include/linux/kdev_t.h:old_decode_dev(). */
const DEVICE_NUMBER_LIMIT = 0x10000;

/** Checks the fields of an inode against its type; then its blocks, if no other entry had them. */
export function checkInode(context: CheckContext, entry: CheckedEntry): void {
  const { findings } = context;
  const { type, mode, size, dataOffset, entryOffset } = entry.inode;
  const place = { path: () => pathOf(entry), offset: entryOffset };
  switch (type) {
    case 'directory':
      if (size > 0 && dataOffset === 0) {
        findings.add('zero-offset', `a directory of ${plural(size, 'byte')}, but no data`, place);
      } else if (size === 0 && dataOffset !== 0) {
        findings.add('zero-size', 'an empty directory with a data offset', place);
      }
      break;
    case 'file':
    case 'symlink':
      checkContent(context, entry);
      break;
    case 'char-device':
    case 'block-device':
      if (size >= DEVICE_NUMBER_LIMIT) {
        findings.add(
          'device-number',
          `the device number 0x${size.toString(16)} has more than 16 bits`,
          place,
        );
      }
      checkSpecialOffset(context, entry);
      break;
    case 'fifo':
    case 'socket':
      if (size !== 0)
        findings.add('special-size', `a ${fileTypeName(type)} of ${plural(size, 'byte')}`, place);
      checkSpecialOffset(context, entry);
      break;
    case undefined:
      findings.add('bad-type', `mode 0${mode.toString(8)} has no known file type`, place);
  }
}

function checkSpecialOffset({ findings }: CheckContext, entry: CheckedEntry): void {
  const { type, dataOffset, entryOffset } = entry.inode;
  if (dataOffset === 0) return;
  findings.add('special-offset', `a ${fileTypeName(type)} with a data offset, ${dataOffset}`, {
    path: () => pathOf(entry),
    offset: entryOffset,
  });
}

function checkContent(context: CheckContext, entry: CheckedEntry): void {
  const { findings, image, owners, blocksKnown } = context;
  const { type, size, dataOffset, entryOffset } = entry.inode;
  const place = { path: () => pathOf(entry), offset: entryOffset };
  if (size === 0) {
    if (type === 'symlink') findings.add('symlink-empty', 'a symlink without a target', place);
    else if (dataOffset !== 0) findings.add('zero-size', 'an empty file with a data offset', place);
    return;
  }
  if (dataOffset === 0) {
    findings.add(
      'zero-offset',
      `a ${fileTypeName(type)} of ${plural(size, 'byte')}, but no data`,
      place,
    );
    return;
  }
  // Linux puts a NUL after the target, into the same page: fs/namei.c:page_get_link().
  if (type === 'symlink' && size >= image.blockSize) {
    findings.add(
      'symlink-too-long',
      `a target of ${plural(size, 'byte')}: Linux cuts it off`,
      place,
    );
  }
  const owner = owners.get(dataOffset);
  if (owner !== undefined) {
    checkSharing(context, owner, entry);
    return;
  }
  owners.set(dataOffset, entry);
  if (blocksKnown) surveyBlocks(context, entry);
}

/**
 * Judges two entries with the same data offset: they are one inode in Linux, with the mode, owner and group
 * of whichever is looked up first. Compare fs/cramfs/inode.c:cramino(), get_cramfs_inode().
 */
function checkSharing({ findings }: CheckContext, first: CheckedEntry, second: CheckedEntry): void {
  const place = { path: () => pathOf(second), offset: second.inode.entryOffset };
  const [a, b] = [first.inode, second.inode];
  if (a.type !== b.type || a.size !== b.size) {
    findings.add(
      'inode-conflict',
      () =>
        `has the data offset of ${quote(first)}, but not its type and size: ` +
        `${String(b.type)} of ${plural(b.size, 'byte')}, ${String(a.type)} of ${plural(a.size, 'byte')}`,
      place,
    );
  } else if (a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid) {
    findings.add(
      'k2-shared-inode',
      () =>
        `security: one inode with ${quote(first)}: Linux gives both names the mode, owner and ` +
        `group of the one that is looked up first (${attributes(first)} or ${attributes(second)})`,
      place,
    );
  }
}

function quote(entry: CheckedEntry): string {
  return nameToText(pathOf(entry));
}

function attributes({ inode }: CheckedEntry): string {
  return `${formatMode(inode.mode)} ${inode.uid}:${inode.gid}`;
}
