import { nameToText, plural } from 'cramfs-format';
import type { Block, CramfsImage, Inode } from 'cramfs-reader';
import { defineCommand } from '../../shell/command.js';
import { expandPaths } from '../../shell/expand-paths.js';
import { atPath } from '../../shell/report-error.js';
import { print } from '../../shell/io.js';
import { openImageArgument } from '../../shell/open-image.js';
import { imageOptions, jsonOption } from '../../shell/options.js';
import { allWithJson } from '../../shell/problem-lines.js';
import { Problems } from '../../shell/problems.js';
import { blockJson, blockRow } from '../../render/block.js';
import { hex, renderJson } from '../../render/json.js';
import { renderTable, type Column } from '../../render/table.js';

const COLUMNS: readonly Column[] = [
  { title: 'BLOCK', align: 'right' },
  { title: 'POINTER' },
  { title: 'KIND' },
  { title: 'POINTS TO' },
  { title: 'START', align: 'right' },
  { title: 'END', align: 'right' },
  { title: 'STORED', align: 'right' },
  { title: 'SIZE', align: 'right' },
];

/** The blocks of one file, as far as they can be decoded. */
interface BlockList {
  readonly path: string;
  readonly size: number;
  readonly dataOffset: number;
  readonly blocks: readonly Block[];
}

export const blocks = defineCommand({
  synopsis: 'IMAGE PATH|GLOB...',
  description:
    'Shows the block pointers of files and symbolic links: as stored, decoded, and the image\n' +
    'offsets of the data. A pointer says where its block ends, or, if it is direct, starts.',
  options: { ...jsonOption, ...imageOptions },
  async run(args, io) {
    const [file, ...paths] = args.operands as [string, ...string[]];
    const image = await openImageArgument(file, args, io);
    const problems = new Problems(file, io, allWithJson(args));
    const lists: BlockList[] = [];
    const hasBlocks = ({ type }: Inode): boolean => type === 'file' || type === 'symlink';
    for (const path of expandPaths(image, paths, hasBlocks, problems.add)) {
      const found = problems.try(() => readBlocks(image, path, problems));
      if (found !== undefined) lists.push(found);
    }
    await print(io, args.json ? renderJson(lists.map(listJson)) : lists.map(listText).join('\n'));
    return problems.finish();
  },
});

/** A bad pointer is reported, and the others are decoded all the same. */
function readBlocks(image: CramfsImage, path: string, problems: Problems): BlockList {
  const inode = image.lookup(path, { followSymlinks: false });
  const { dataOffset, size } = inode;
  const count = atPath(path, () => image.blockCount(inode));
  const found: Block[] = [];
  for (let index = 0; index < count; index += 1) {
    const block = problems.try(() => atPath(path, () => image.block(inode, index)));
    if (block !== undefined) found.push(block);
  }
  return { path, size, dataOffset, blocks: found };
}

function listJson({ path, size, dataOffset, blocks: found }: BlockList): unknown {
  return { path: nameToText(path), size, dataOffset, blocks: found.map(blockJson) };
}

function listText({ path, size, dataOffset, blocks: found }: BlockList): string {
  return (
    `${nameToText(path)}: ${plural(size, 'byte')}, pointers at ${hex(dataOffset)}\n` +
    renderTable(COLUMNS, found.map(blockRow))
  );
}
