import type { Inode } from 'cramfs-reader';
import type { BlocksArguments } from './index.js';
import { expandPaths } from '../../shell/expand-paths.js';
import type { ExitCode } from '../../shell/exit-codes.js';
import { print, type CliIo } from '../../shell/io.js';
import { openImageArgument } from '../../shell/open-image.js';
import { allWithJson } from '../../shell/problem-lines.js';
import { Problems } from '../../shell/problems.js';
import { lookOf } from '../../render/look.js';
import { readBlocks, type BlockList } from './block-list.js';
import { blocksJson } from './json.js';
import { blocksText } from './text.js';

/** `cramfs blocks`, its command line parsed. */
export async function runBlocksCommand(args: BlocksArguments, io: CliIo): Promise<ExitCode> {
  const [file, ...paths] = args.operands as [string, ...string[]];
  const image = await openImageArgument(file, args, io);
  const problems = new Problems(file, io, allWithJson(args));
  const lists: BlockList[] = [];
  const hasBlocks = ({ type }: Inode): boolean => type === 'file' || type === 'symlink';
  for (const path of expandPaths(image, paths, hasBlocks, problems.add)) {
    const found = problems.try(() => readBlocks(image, path, problems));
    if (found !== undefined) lists.push(found);
  }
  await print(io, args.json ? blocksJson(lists) : blocksText(lists, lookOf(io, args)));
  return problems.finish();
}
