import type { LsArguments } from './index.js';
import { expandPaths } from '../../shell/expand-paths.js';
import type { ExitCode } from '../../shell/exit-codes.js';
import { printPieces, type CliIo } from '../../shell/io.js';
import { openImageArgument } from '../../shell/open-image.js';
import { allWithJson } from '../../shell/problem-lines.js';
import { Problems } from '../../shell/problems.js';
import { lookOf } from '../../render/look.js';
import { Lister } from './groups.js';
import { listJson } from './json.js';
import { sortedGroups } from './sort.js';
import { listText } from './text.js';

/** `cramfs ls`, its command line parsed. */
export async function runLsCommand(args: LsArguments, io: CliIo): Promise<ExitCode> {
  const [file, ...paths] = args.operands as [string, ...string[]];
  const image = await openImageArgument(file, args, io, 'tree');
  const problems = new Problems(file, io, allWithJson(args));
  const lister = new Lister(image, problems, args);
  const named = expandPaths(image, paths, () => true, problems.add);
  const found = lister.list(paths.length === 0 ? ['/'] : named);
  const { sort, reverse } = args;
  const isSorted = sort !== undefined || reverse;
  const groups = isSorted ? sortedGroups(found, image, sort, reverse) : found;
  await printPieces(io, args.json ? listJson(groups) : listText(groups, args, lookOf(io, args)));
  return problems.finish();
}
