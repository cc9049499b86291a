import { nameToText, textToName } from 'cramfs-format';
import type { CramfsImage, WalkEntry } from 'cramfs-reader';
import { defineCommand } from '../command.js';
import { about, atPath } from '../report-error.js';
import { print } from '../io.js';
import { openImageArgument } from '../open-image.js';
import { imageOptions, jsonOption } from '../options.js';
import { allWithJson } from '../problem-lines.js';
import { Problems } from '../problems.js';
import { inodeJson, renderJson, type InodeJson } from '../render/json.js';
import { plural } from '../render/table.js';

interface TreeNode {
  readonly entry: WalkEntry;
  readonly target: string | undefined;
  readonly children: TreeNode[];
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
    const root = await about(file, () => growTree(image, path, problems));
    await print(io, args.json ? renderJson(nodeJson(root, path)) : drawTree(root, directory));
    return problems.finish();
  },
});

function growTree(image: CramfsImage, path: string, problems: Problems): TreeNode {
  const nodes = new Map<string, TreeNode>();
  for (const entry of image.walk(image.lookup(path), { onError: problems.add })) {
    const target =
      entry.inode.type === 'symlink'
        ? problems.try(() => atPath(entry.path, () => image.readlink(entry.inode)))
        : undefined;
    const node: TreeNode = { entry, target, children: [] };
    const isRoot = nodes.size === 0;
    nodes.set(isRoot ? '' : entry.path, node);
    if (!isRoot) {
      nodes
        .get(entry.path.slice(0, entry.path.length - entry.name.length - 1))!
        .children.push(node);
    }
  }
  return nodes.get('')!;
}

function drawTree(root: TreeNode, title: string): string {
  const counts = { directories: 0, others: 0 };
  const lines: string[] = [];
  const draw = ({ children }: TreeNode, indent: string): void => {
    children.forEach((child, index) => {
      const { name, inode } = child.entry;
      const last = index === children.length - 1;
      if (inode.type === 'directory') counts.directories += 1;
      else counts.others += 1;
      const arrow = child.target === undefined ? '' : ` -> ${nameToText(child.target)}`;
      lines.push(`${indent}${last ? '└── ' : '├── '}${nameToText(name)}${arrow}`);
      draw(child, `${indent}${last ? '    ' : '│   '}`);
    });
  };
  draw(root, '');
  const { directories, others } = counts;
  const total = `${plural(directories, 'directory', 'directories')}, ${plural(others, 'file')}`;
  return [title, ...lines, '', total, ''].join('\n');
}

type TreeJson = InodeJson & { readonly entries?: TreeJson[] };

function nodeJson(node: TreeNode, path: string): TreeJson {
  const base = path === '/' ? '' : path.replace(/\/+$/, '');
  const { entry, target, children } = node;
  const own = inodeJson(path, entry.inode, target);
  if (entry.inode.type !== 'directory') return own;
  return {
    ...own,
    entries: children.map((child) => nodeJson(child, `${base}/${child.entry.name}`)),
  };
}
