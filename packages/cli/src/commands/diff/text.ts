import { formatMode, nameToText } from 'cramfs-format';
import type { CramfsImage, Difference, Inode } from 'cramfs-reader';

const SIGNS = { added: '+', removed: '-', changed: '!' } as const;
/** A line for each path that differs. */
export function* diffText(
  differences: readonly Difference[],
  old: CramfsImage,
  now: CramfsImage,
): Generator<string, void> {
  for (const difference of differences) yield toText(difference, old, now);
}

/** `! /bin/sh: mode -rwxr-xr-x -> -rwsr-xr-x, content` */
function toText(difference: Difference, old: CramfsImage, now: CramfsImage): string {
  const { path, kind, what, before, after } = difference;
  const line = `${SIGNS[kind]} ${nameToText(path)}`;
  if (before === undefined || after === undefined) return `${line}\n`;
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
        return `target ${nameToText(old.readlink(before))} -> ${nameToText(now.readlink(after))}`;
      case 'rdev':
        return `device ${deviceText(before)} -> ${deviceText(after)}`;
      case 'content':
      case 'layout':
        return aspect;
    }
  });
  return `${line}: ${details.join(', ')}\n`;
}

function deviceText({ rdev }: Inode): string {
  return rdev === undefined ? 'none' : `${rdev.major},${rdev.minor}`;
}
