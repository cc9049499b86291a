import type { CramfsImage } from 'cramfs-reader';
import { storedBytes } from '../../render/block-tally.js';
import { sortBy } from '../../render/sort.js';
import type { Group, ListedPath } from './groups.js';

export const SORT_KEYS = ['name', 'size', 'stored'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

/**
 * Groups with their entries in another order.
 *
 * @param key undefined: the order in which they are stored.
 */
export function* sortedGroups(
  groups: Iterable<Group>,
  image: CramfsImage,
  key: SortKey | undefined,
  reverse: boolean,
): Generator<Group, void> {
  for (const { directory, entries } of groups) {
    yield {
      directory,
      entries: (again) => {
        const found = [...entries(again)];
        if (key === undefined) return reverse ? found.reverse() : found;
        return sortBy(found, (entry) => keyOf(entry, image, key), reverse);
      },
    };
  }
}

function keyOf({ name, inode }: ListedPath, image: CramfsImage, key: SortKey): number | string {
  switch (key) {
    case 'name':
      return name;
    case 'size':
      // A device has its number in `size`.
      return inode.rdev === undefined ? inode.size : 0;
    case 'stored':
      return storedBytes(image, inode);
  }
}
