import { formatMode, nameToText } from 'cramfs-format';
import type { Difference, Inode } from 'cramfs-reader';
import { paint, type Look } from '../../render/look.js';
import { hangingLine } from '../../render/text-width.js';
import type { Side } from './side.js';

const SIGNS = { added: '+', removed: '-', changed: '!' } as const;
const COLORS = { added: 'green', removed: 'red', changed: 'yellow' } as const;

/** What tells the target of a symlink. */
type Readlink = Side['readlink'];

/** A line for each path that differs. */
export function* diffText(
  differences: readonly Difference[],
  old: Readlink,
  now: Readlink,
  look: Look,
): Generator<string, void> {
  for (const difference of differences) {
    const line = hangingLine(toText(difference, old, now), look.width);
    yield paint(look, COLORS[difference.kind], line.slice(0, 1)) + line.slice(1);
  }
}

/** `! /bin/sh: mode -rwxr-xr-x -> -rwsr-xr-x, content` */
function toText(difference: Difference, old: Readlink, now: Readlink): string {
  const { path, kind, what, before, after } = difference;
  const line = `${SIGNS[kind]} ${nameToText(path)}`;
  if (before === undefined || after === undefined) return line;
  const details = what.map((aspect) => {
    switch (aspect) {
      case 'type':
        return `type ${String(before.type)} -> ${String(after.type)}`;
      case 'mode':
        return `mode ${formatMode(before.mode)} -> ${formatMode(after.mode)}`;
      case 'owner':
        return `owner ${before.uid}:${before.gid} -> ${after.uid}:${after.gid}`;
      case 'size':
        return `size ${before.size} -> ${after.size}`;
      case 'target':
        return `target ${nameToText(old(before))} -> ${nameToText(now(after))}`;
      case 'rdev':
        return `device ${deviceText(before)} -> ${deviceText(after)}`;
      case 'content':
      case 'layout':
        return aspect;
    }
  });
  return `${line}: ${details.join(', ')}`;
}

function deviceText({ rdev }: Inode): string {
  return rdev === undefined ? 'none' : `${rdev.major},${rdev.minor}`;
}
