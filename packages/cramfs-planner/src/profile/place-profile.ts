import { walkTree, type DirectoryEntry, type FileEntry, type TreeEntry } from 'mkcramfs';
import { absolutePath, ProfileBuilder } from './profile-builder.js';
import type { Profile } from './profile.js';

/** The number of symlinks that Linux follows. */
const MAXSYMLINKS = 40;

/** What does not fit the tree in a profile. */
export interface ProfileProblem {
  /** The path in the profile; a byte string. */
  readonly path: string;
  readonly reason: 'not in the tree' | 'touched beyond its end';
}

/** A profile with paths of the tree. */
export interface PlacedProfile {
  readonly profile: Profile;
  /**
   * In the order of paths. A path that is not below a root belongs to another file system and is
   * not a problem.
   */
  readonly problems: readonly ProfileProblem[];
}

/** Files of a tree by the names that a profile has for them. */
export class ProfileTree {
  private readonly root: DirectoryEntry;
  private readonly roots: readonly string[];
  private names: Map<string, string[]> | undefined;

  /** @param roots where the image is mounted on the target, if not as `/`: byte strings. */
  constructor(root: DirectoryEntry, roots: readonly string[] = []) {
    this.root = root;
    this.roots = (roots.length === 0 ? ['/'] : roots)
      .map(absolutePath)
      .sort((a, b) => b.length - a.length);
  }

  /**
   * Gives the files of a profile their paths in the tree: without the root that the image is mounted on, with
   * symlinks followed. If as many pages of a file are touched as it has, the whole file is touched.
   */
  place(profile: Profile): PlacedProfile {
    const { source, format, kind, pageSize } = profile;
    const builder = new ProfileBuilder(source, format, kind);
    builder.pageSize = pageSize;
    builder.faultAround = profile.faultAround;
    const problems: ProfileProblem[] = [];
    const paths = new Set([...profile.files.keys(), ...profile.atLeast.keys()]);
    for (const path of paths) {
      const below = this.belowRoot(path);
      if (below === undefined) continue;
      const found = this.find(below) ?? (format === 'axfs' ? this.findByEnd(below) : undefined);
      if (found === undefined) {
        problems.push({ path, reason: 'not in the tree' });
        continue;
      }
      const end = Math.ceil(found.entry.size / pageSize);
      const ranges = profile.files.get(path) ?? [];
      const last = ranges.at(-1);
      if (last !== undefined && last.first + last.pages > end) {
        problems.push({ path, reason: 'touched beyond its end' });
      }
      for (const range of ranges) {
        const pages = Math.min(range.pages, end - range.first);
        if (pages > 0) builder.touch(found.path, { ...range, pages });
      }
      const least = profile.atLeast.get(path) ?? 0;
      if (least < end) builder.atLeast(found.path, least);
      else for (const gap of gapsOf(ranges, end)) builder.touch(found.path, gap);
    }
    return { profile: builder.build(), problems };
  }

  private belowRoot(path: string): string | undefined {
    const root = this.roots.find((each) => each === '/' || path.startsWith(`${each}/`));
    if (root === undefined) return undefined;
    return root === '/' ? path : path.slice(root.length);
  }

  /** The file that path_lookup() finds for a path, in a kernel that has the tree as its root. */
  private find(path: string): { path: string; entry: FileEntry } | undefined {
    const left = path.split('/').reverse();
    const way: { name: string; entry: TreeEntry }[] = [];
    for (let links = 0; left.length > 0;) {
      const name = left.pop()!;
      if (name === '' || name === '.') continue;
      if (name === '..') {
        way.pop();
        continue;
      }
      const here = way.at(-1)?.entry ?? this.root;
      const entry = here.type === 'directory' ? here.children.get(name) : undefined;
      if (entry === undefined) return undefined;
      if (entry.type !== 'symlink') {
        way.push({ name, entry });
        continue;
      }
      links += 1;
      if (links > MAXSYMLINKS) return undefined;
      if (entry.target.startsWith('/')) way.length = 0;
      left.push(...entry.target.split('/').reverse());
    }
    const last = way.at(-1)?.entry;
    if (last?.type !== 'file') return undefined;
    return { path: `/${way.map(({ name }) => name).join('/')}`, entry: last };
  }

  /**
   * AXFS writes only the last directory of a path, because its axfs_get_directory_path() overwrites each with
   * the next: the file is the one whose path ends so, if there is only one.
   */
  private findByEnd(path: string): { path: string; entry: FileEntry } | undefined {
    this.names ??= endsOfPaths(this.root);
    const [found, another] = this.names.get(path) ?? [];
    return found === undefined || another !== undefined ? undefined : this.find(found);
  }
}

/** By directory and name: paths of files. */
function endsOfPaths(root: DirectoryEntry): Map<string, string[]> {
  const ends = new Map<string, string[]>();
  for (const { path, entry } of walkTree(root)) {
    if (entry.type !== 'file') continue;
    const end = path.slice(path.lastIndexOf('/', path.lastIndexOf('/') - 1));
    const paths = ends.get(end);
    if (paths === undefined) ends.set(end, [path]);
    else paths.push(path);
  }
  return ends;
}

/** Pages up to `end` that are not in any range. */
function gapsOf(
  ranges: readonly { readonly first: number; readonly pages: number }[],
  end: number,
): { first: number; pages: number }[] {
  const gaps: { first: number; pages: number }[] = [];
  let first = 0;
  for (const range of [...ranges, { first: end, pages: 0 }]) {
    if (range.first > first) gaps.push({ first, pages: range.first - first });
    first = Math.max(first, range.first + range.pages);
  }
  return gaps;
}
