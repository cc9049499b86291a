import { isCramfsError, nameToText, textToName } from 'cramfs-format';
import type { CramfsImage, Inode } from 'cramfs-reader';
import { defineCommand } from '../command.js';
import { atPath } from '../report-error.js';
import { print } from '../io.js';
import { openImageArgument } from '../open-image.js';
import { flag, imageOptions, jsonOption } from '../options.js';
import { allWithJson } from '../problem-lines.js';
import { Problems } from '../problems.js';
import { inodeJson, renderJson } from '../render/json.js';
import { LONG_COLUMNS, longLine, type ListedEntry } from '../render/listing.js';
import { renderTable, type Column } from '../render/table.js';

/** Entries that are listed together: those of one directory, or a path that is none. */
interface Group {
  /** Byte string; the directory's path. Undefined for paths that were named one by one. */
  readonly directory: string | undefined;
  readonly entries: ListedPath[];
}

type ListedPath = ListedEntry & { readonly path: string };

export const ls = defineCommand({
  synopsis: 'IMAGE [PATH...]',
  description: 'Lists directories (default: the root directory) and files, in stored order.',
  options: {
    long: flag('mode, owner, group, size or device number, and targets of links', 'l'),
    recursive: flag('list directories below as well', 'R'),
    directory: flag('list directories themselves, not what is in them', 'd'),
    inode: flag("print Linux's inode numbers", 'i'),
    ...jsonOption,
    ...imageOptions,
  },
  async run(args, io) {
    const [file, ...paths] = args.operands as [string, ...string[]];
    const image = await openImageArgument(file, args, io);
    const lister = new Lister(image, new Problems(file, io, allWithJson(args)), args);
    const groups = lister.list(paths.length === 0 ? ['/'] : paths.map(textToName));
    await print(io, args.json ? renderJson(toJson(groups)) : renderGroups(groups, args));
    return lister.problems.finish();
  },
});

class Lister {
  readonly problems: Problems;
  private readonly image: CramfsImage;
  private readonly options: { readonly recursive: boolean; readonly directory: boolean };

  constructor(
    image: CramfsImage,
    problems: Problems,
    options: { readonly recursive: boolean; readonly directory: boolean },
  ) {
    this.image = image;
    this.problems = problems;
    this.options = options;
  }

  /** Groups in the order in which they are printed: single paths first. */
  list(paths: readonly string[]): Group[] {
    const named: Group = { directory: undefined, entries: [] };
    const groups: Group[] = [];
    for (const path of paths) {
      const inode = this.problems.try(() => this.resolve(path));
      if (inode === undefined) continue;
      if (inode.type !== 'directory' || this.options.directory) {
        named.entries.push(this.entry(path, path, inode));
      } else {
        const base = path.replace(/\/+$/, '');
        const found = this.options.recursive ? this.below(base, inode) : [this.in(base, inode)];
        for (const group of found) groups.push(group);
      }
    }
    return named.entries.length > 0 ? [named, ...groups] : groups;
  }

  /** As ls(1): a link to a directory that is named is followed, any other link is shown. */
  private resolve(path: string): Inode {
    const link = this.image.lookup(path, { followSymlinks: false });
    if (link.type !== 'symlink') return link;
    try {
      const inode = this.image.lookup(path);
      return inode.type === 'directory' ? inode : link;
    } catch (error) {
      if (!isCramfsError(error)) throw error;
      return link;
    }
  }

  private in(base: string, inode: Inode): Group {
    const directory = base === '' ? '/' : base;
    const entries: ListedPath[] = [];
    this.problems.try(() => {
      atPath(directory, () => {
        for (const { name, inode: child } of this.image.entries(inode)) {
          entries.push(this.entry(name, `${base}/${name}`, child));
        }
      });
    });
    return { directory, entries };
  }

  private below(base: string, inode: Inode): Group[] {
    const groups = new Map<string, Group>();
    for (const found of this.image.walk(inode, { onError: this.problems.add })) {
      const path = base + (found.path === '/' ? '' : found.path);
      if (found.path !== '/') {
        const parent = path.slice(0, path.length - found.name.length - 1);
        groups.get(parent)!.entries.push(this.entry(found.name, path, found.inode));
      }
      if (found.inode.type === 'directory') {
        groups.set(path, { directory: path === '' ? '/' : path, entries: [] });
      }
    }
    return [...groups.values()];
  }

  private entry(name: string, path: string, inode: Inode): ListedPath {
    const target =
      inode.type === 'symlink'
        ? this.problems.try(() => atPath(path, () => this.image.readlink(inode)))
        : undefined;
    return { name, path, inode, target };
  }
}

function toJson(groups: readonly Group[]): unknown {
  return groups.flatMap(({ entries }) =>
    entries.map(({ path, inode, target }) => inodeJson(path, inode, target)),
  );
}

function renderGroups(
  groups: readonly Group[],
  { long, inode }: { readonly long: boolean; readonly inode: boolean },
): string {
  const headed = groups.length > 1;
  return groups
    .map(({ directory, entries }) => {
      const title = headed && directory !== undefined ? `${nameToText(directory)}:\n` : '';
      const rows = entries.map((entry) => [
        ...(inode ? [String(entry.inode.ino)] : []),
        ...(long ? longLine(entry) : [nameToText(entry.name)]),
      ]);
      const columns: Column[] = long ? [...LONG_COLUMNS] : [{ title: '' }];
      if (inode) columns.unshift({ title: '', align: 'right' });
      return title + renderTable(columns, rows);
    })
    .join('\n');
}
