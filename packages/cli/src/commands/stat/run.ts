import type { StatArguments } from './index.js';
import { expandPaths } from '../../shell/expand-paths.js';
import type { ExitCode } from '../../shell/exit-codes.js';
import { print, type CliIo } from '../../shell/io.js';
import { openImageArgument } from '../../shell/open-image.js';
import { allWithJson } from '../../shell/problem-lines.js';
import { Problems } from '../../shell/problems.js';
import { lookOf } from '../../render/look.js';
import { statJson } from './json.js';
import { fileStatus, type FileStatus } from './status.js';
import { statText } from './text.js';

/** `cramfs stat`, its command line parsed. */
export async function runStatCommand(args: StatArguments, io: CliIo): Promise<ExitCode> {
  const [file, ...paths] = args.operands as [string, ...string[]];
  const image = await openImageArgument(file, args, io, 'tree');
  const problems = new Problems(file, io, allWithJson(args));
  const found: FileStatus[] = [];
  for (const path of expandPaths(image, paths, () => true, problems.add)) {
    const options = { followSymlinks: args.dereference };
    const inode = problems.try(() => image.lookup(path, options));
    if (inode !== undefined) found.push(fileStatus(image, path, inode, problems));
  }
  await print(io, args.json ? statJson(found) : statText(found, lookOf(io, args)));
  return problems.finish();
}
