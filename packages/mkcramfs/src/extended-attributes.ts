import type { DirectoryEntry, Problem, TreeEntry } from './tree.js';

/** Labels that a security module puts on everything, and restores by its policy. */
const LABELS = /^security\.(selinux|SMACK64.*|apparmor|ima|evm)$/;
const CAPABILITY = 'security.capability';

/** Counts what cramfs has no place for: extended attributes, access control lists, capabilities. */
export class ExtendedAttributes {
  /** Paths of the files that lose attributes, and whether these include file capabilities. */
  private readonly lost = new Map<string, boolean>();

  /** How many files lose something. */
  get size(): number {
    return this.lost.size;
  }

  /**
   * Replaces what was reported before for the same path.
   *
   * @param path byte string, `/` first.
   * @param names attributes of the file, such as `user.comment`.
   */
  set(path: string, names: readonly string[]): void {
    const lost = names.filter((name) => !LABELS.test(name));
    if (lost.length > 0) this.lost.set(path, lost.includes(CAPABILITY));
    else this.lost.delete(path);
  }

  /** One warning for all files in the tree: files left out of it lose nothing. */
  problems(root: DirectoryEntry): Problem[] {
    const files = [...this.lost].filter(([path]) => entryAt(root, path) !== undefined);
    const [first] = files;
    if (first === undefined) return [];
    const count = files.length === 1 ? 'a file has' : `${files.length} files have`;
    const capable = files.filter(([, hasCapability]) => hasCapability).length;
    const capabilities = capable === 0 ? '' : `, file capabilities of ${capable} among them`;
    const message = `${count} extended attributes, which cramfs cannot hold${capabilities}: left out`;
    return [{ severity: 'warning', kind: 'xattr', path: first[0], message }];
  }
}

function entryAt(root: DirectoryEntry, path: string): TreeEntry | undefined {
  let entry: TreeEntry | undefined = root;
  for (const name of path.split('/')) {
    if (name === '') continue;
    entry = entry?.type === 'directory' ? entry.children.get(name) : undefined;
  }
  return entry;
}
