import { nameToText } from 'cramfs-format';
import type { Difference, Inode } from 'cramfs-reader';
import { JsonList, inodeJson, jsonPieces } from '../../render/json.js';
import { atPath } from '../../shell/report-error.js';
import type { Side } from './side.js';

/** The result of `cramfs diff --json`; its shape is documented in docs/cli.md. */
export function diffJson(
  differences: readonly Difference[],
  old: Side,
  now: Side,
): Iterable<string> {
  return jsonPieces(new JsonList(jsonItems(differences, old, now)));
}

function* jsonItems(
  differences: readonly Difference[],
  old: Side,
  now: Side,
): Generator<unknown, void> {
  for (const difference of differences) yield toJson(difference, old, now);
}

function toJson(difference: Difference, old: Side, now: Side): unknown {
  const { path, kind, what, before, after } = difference;
  const side = (inode: Inode | undefined, { readlink, problems }: Side): unknown => {
    if (inode === undefined) return null;
    const target =
      inode.type === 'symlink'
        ? problems.try(() => atPath(path, () => readlink(inode)))
        : undefined;
    return inodeJson(path, inode, target);
  };
  return {
    path: nameToText(path),
    kind,
    what,
    before: side(before, old),
    after: side(after, now),
  };
}
