import { nameToText } from 'cramfs-format';
import type { CramfsImage, Difference, Inode } from 'cramfs-reader';
import { JsonList, inodeJson, jsonPieces } from '../../render/json.js';
import type { Problems } from '../../shell/problems.js';
import { atPath } from '../../shell/report-error.js';

/** One of the images, and what is wrong with it. */
export interface Side {
  readonly image: CramfsImage;
  readonly problems: Problems;
}
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
  const side = (inode: Inode | undefined, { image, problems }: Side): unknown => {
    if (inode === undefined) return null;
    const target =
      inode.type === 'symlink'
        ? problems.try(() => atPath(path, () => image.readlink(inode)))
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
