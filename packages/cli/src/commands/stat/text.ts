import { formatMode, nameToText } from 'cramfs-format';
import { hex, octal } from '../../render/json.js';
import type { Look } from '../../render/look.js';
import { renderFields } from '../../render/table.js';
import type { FileStatus } from './status.js';

/** Fields below each other, with an empty line between files. */
export function statText(found: readonly FileStatus[], look: Look): string {
  return found.map((status) => renderFields(statusFields(status), look)).join('\n');
}

function statusFields({
  path,
  inode,
  target,
  format,
  blocks,
}: FileStatus): readonly (readonly [string, string])[] {
  const { type, mode, uid, gid, size, rdev, ino, entryOffset, dataOffset } = inode;
  return [
    ['path', nameToText(path) + (target === undefined ? '' : ` -> ${nameToText(target)}`)],
    ['type', type ?? `unknown (mode 0${octal(mode, 6)})`],
    ['mode', `${octal(mode & 0o7777, 4)} ${formatMode(mode)}`],
    ['owner', `${uid}:${gid}`],
    rdev === undefined ? ['size', String(size)] : ['device', `${rdev.major}, ${rdev.minor}`],
    ['inode', String(ino)],
    ['entry at', hex(entryOffset)],
    ...(dataOffset === 0 ? [] : ([['data at', hex(dataOffset)]] as const)),
    ...(format === undefined ? [] : ([['format', format]] as const)),
    ...(blocks === undefined ? [] : ([['blocks', blocks.toText()]] as const)),
  ];
}
