import { indentJson, inodeJson } from '../../render/json.js';
import type { TreeEntry } from './entries.js';

/** Nested objects as in docs/cli.md, each directory with its `entries`. */
export function* treeJson(entries: Iterable<TreeEntry>): Generator<string, void> {
  /** Whether each of the current directories has had an entry. */
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
