import { textToName } from 'cramfs-format';
import type { TreeArguments } from './index.js';
import type { ExitCode } from '../../shell/exit-codes.js';
import { printPieces, type CliIo } from '../../shell/io.js';
import { openImageArgument } from '../../shell/open-image.js';
import { allWithJson } from '../../shell/problem-lines.js';
import { Problems } from '../../shell/problems.js';
import { about } from '../../shell/report-error.js';
import { entriesBelow } from './entries.js';
import { treeJson } from './json.js';
import { treeText } from './text.js';

/** `cramfs tree`, its command line parsed. */
export async function runTreeCommand(args: TreeArguments, io: CliIo): Promise<ExitCode> {
  const [file, directory = '/'] = args.operands as [string, string?];
  const image = await openImageArgument(file, args, io, 'tree');
  const problems = new Problems(file, io, allWithJson(args));
  const path = textToName(directory);
  const top = await about(file, () => image.lookup(path));
  const entries = entriesBelow(image, path, top, problems);
  await printPieces(io, args.json ? treeJson(entries) : treeText(image, entries, directory));
  return problems.finish();
}
