import { nameToText } from 'cramfs-format';
import { LONG_COLUMNS, longLine } from '../../render/listing.js';
import type { Look } from '../../render/look.js';
import { tablePieces, type Column } from '../../render/table.js';
import { hangingLine } from '../../render/text-width.js';
import type { Group, ListedPath } from './groups.js';

/** A table for each group, with the directory above it if there is more than one. */
export function* listText(
  groups: Iterable<Group>,
  {
    long,
    inode: withInode,
    'human-readable': human,
  }: { readonly long: boolean; readonly inode: boolean; readonly 'human-readable': boolean },
  look: Look,
): Generator<string, void> {
  const columns: Column[] = long ? [...LONG_COLUMNS] : [{ title: '' }];
  if (withInode) columns.unshift({ title: '', align: 'right' });
  const row = (entry: ListedPath): string[] => [
    ...(withInode ? [String(entry.inode.ino)] : []),
    ...(long ? longLine(entry, human) : [nameToText(entry.name)]),
  ];
  const pieces = function* ({ entries }: Group): Generator<string, void> {
    let again = false;
    yield* tablePieces(
      columns,
      function* () {
        const found = entries(again);
        again = true;
        for (const entry of found) yield row(entry);
      },
      look,
    );
  };
  const title = ({ directory }: Group): string =>
    directory === undefined ? '' : hangingLine(`${nameToText(directory)}:`, look.width);

  // A title only if there is more than one group.
  let first: Group | undefined;
  let headed = false;
  for (const group of groups) {
    if (!headed && first === undefined) {
      first = group;
      continue;
    }
    if (first !== undefined) {
      yield title(first);
      yield* pieces(first);
      first = undefined;
    }
    headed = true;
    yield `\n${title(group)}`;
    yield* pieces(group);
  }
  if (first !== undefined) yield* pieces(first);
}
