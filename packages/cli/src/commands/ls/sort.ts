import type { Group, ListedPath } from './groups.js';

export const SORT_KEYS = ['name', 'size'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

/** Entries of a group in another order; those that are equal keep theirs. */
export function* sortedGroups(groups: Iterable<Group>, key: SortKey): Generator<Group, void> {
  const compare = key === 'size' ? bySize : byName;
  for (const { directory, entries } of groups) {
    yield { directory, entries: (again) => [...entries(again)].sort(compare) };
  }
}

/** Names are byte strings: their order is that of the bytes, as in an image that mkcramfs makes. */
function byName(a: ListedPath, b: ListedPath): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

function bySize(a: ListedPath, b: ListedPath): number {
  return sizeOf(b) - sizeOf(a);
}

/** What `size` holds of a device is its number. */
function sizeOf({ inode }: ListedPath): number {
  return inode.rdev === undefined ? inode.size : 0;
}
