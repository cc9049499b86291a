import {
  isCramfsError,
  nameToText,
  textToName,
  withPath,
  type CramfsError,
  plural,
} from 'cramfs-format';
import type { CramfsImage, DirectoryEntry, Inode } from 'cramfs-reader';
import { defineCommand } from '../../shell/command.js';
import { about, atPath } from '../../shell/report-error.js';
import { printPieces } from '../../shell/io.js';
import { openImageArgument } from '../../shell/open-image.js';
import { imageOptions, jsonOption } from '../../shell/options.js';
import { allWithJson } from '../../shell/problem-lines.js';
import { Problems } from '../../shell/problems.js';
import { indentJson, inodeJson } from '../../render/json.js';

/** An entry below the directory that is drawn. */
interface TreeEntry {
  /** Byte string from the root of the image. */
  readonly path: string;
  readonly name: string;
  readonly inode: Inode;
  /** Of a symlink that can be read. */
  readonly target: string | undefined;
  /** How many directories it is in: 0 for the one that is drawn. */
  readonly depth: number;
}

export const tree = defineCommand({
  synopsis: 'IMAGE [DIRECTORY]',
  description: 'Draws the tree below a directory (default: the root directory).',
  options: { ...jsonOption, ...imageOptions },
  async run(args, io) {
    const [file, directory = '/'] = args.operands as [string, string?];
    const image = await openImageArgument(file, args, io);
    const problems = new Problems(file, io, allWithJson(args));
    const path = textToName(directory);
    const top = await about(file, () => image.lookup(path));
    const entries = entriesBelow(image, path, top, problems);
    await printPieces(io, args.json ? treeJson(entries) : drawTree(image, entries, directory));
    return problems.finish();
  },
});

/** The directory that is drawn, and all below it, each directory before its entries. */
function* entriesBelow(
  image: CramfsImage,
  path: string,
  top: Inode,
  problems: Problems,
): Generator<TreeEntry, void> {
  const base = path.replace(/\/+$/, '');
  const absolute = (inWalk: string): string => (inWalk === '/' ? path : base + inWalk);
  const onError = (error: CramfsError): void => {
    problems.add(withPath(error, absolute(error.path ?? '/')));
  };
  /** Paths of the directories that we are in. A name may hold slashes, so that paths do not tell. */
  const above: string[] = [];
  for (const { path: inWalk, name, inode } of image.walk(top, { onError })) {
    const parent = inWalk.slice(0, inWalk.length - name.length - 1);
    while (above.length > 0 && above.at(-1) !== parent) above.pop();
    const here = absolute(inWalk);
    const target =
      inode.type === 'symlink'
        ? problems.try(() => atPath(here, () => image.readlink(inode)))
        : undefined;
    yield { path: here, name, inode, target, depth: above.length };
    if (inode.type === 'directory') above.push(inWalk === '/' ? '' : inWalk);
  }
}

/** A directory of which entries are being drawn. */
interface DrawnDirectory {
  /** What stands before the branches of its entries. */
  readonly indent: string;
  /** One ahead of what is drawn: which entry is the last one makes a difference. */
  readonly ahead: Iterator<DirectoryEntry, void>;
}

function* drawTree(
  image: CramfsImage,
  entries: Iterable<TreeEntry>,
  title: string,
): Generator<string, void> {
  const counts = { directories: 0, others: 0 };
  const above: DrawnDirectory[] = [];
  for (const { name, inode, target, depth } of entries) {
    above.length = depth;
    const parent = above.at(-1);
    let indent = '';
    if (parent === undefined) {
      yield `${title}\n`;
    } else {
      const last = parent.ahead.next().done === true;
      const arrow = target === undefined ? '' : ` -> ${nameToText(target)}`;
      yield `${parent.indent}${last ? '└── ' : '├── '}${nameToText(name)}${arrow}\n`;
      indent = `${parent.indent}${last ? '    ' : '│   '}`;
      counts[inode.type === 'directory' ? 'directories' : 'others'] += 1;
    }
    if (inode.type !== 'directory') continue;
    const ahead = readableEntries(image, inode);
    ahead.next();
    above.push({ indent, ahead });
  }
  const { directories, others } = counts;
  yield `\n${plural(directories, 'directory', 'directories')}, ${plural(others, 'file')}\n`;
}

/** What the walk finds in a directory: it has reported why there is no more. */
function* readableEntries(image: CramfsImage, inode: Inode): Generator<DirectoryEntry, void> {
  try {
    yield* image.entries(inode);
  } catch (error) {
    if (!isCramfsError(error)) throw error;
  }
}

/** Nested objects, as docs/cli.md has them, each directory with its `entries`. */
function* treeJson(entries: Iterable<TreeEntry>): Generator<string, void> {
  /** Whether each directory that we are in has had an entry. */
  const open: boolean[] = [];
  const close = function* (depth: number): Generator<string, void> {
    while (open.length > depth) {
      const indent = indentOf(open.length - 1);
      yield open.pop() === true ? `\n${indent}  ]\n${indent}}` : `]\n${indent}}`;
    }
  };
  for (const { path, inode, target, depth } of entries) {
    yield* close(depth);
    const indent = indentOf(depth);
    if (depth > 0) {
      yield `${open[depth - 1] === true ? ',' : ''}\n${indent}`;
      open[depth - 1] = true;
    }
    const own = indentJson(inodeJson(path, inode, target), indent);
    if (inode.type !== 'directory') {
      yield own;
    } else {
      yield `${own.slice(0, own.lastIndexOf('\n'))},\n${indent}  "entries": [`;
      open.push(false);
    }
  }
  yield* close(0);
  yield '\n';
}

function indentOf(depth: number): string {
  return '    '.repeat(depth);
}
