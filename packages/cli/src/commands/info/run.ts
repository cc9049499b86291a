import type { InfoArguments } from './index.js';
import type { ExitCode } from '../../shell/exit-codes.js';
import { print, type CliIo } from '../../shell/io.js';
import { openImageAndOffset } from '../../shell/open-image.js';
import { allWithJson } from '../../shell/problem-lines.js';
import { Problems } from '../../shell/problems.js';
import { lookOf } from '../../render/look.js';
import { tallyContents } from './contents.js';
import { factsOf } from './facts.js';
import { infoJson } from './json.js';
import { infoText } from './text.js';

/** `cramfs info`, its command line parsed. */
export async function runInfoCommand(args: InfoArguments, io: CliIo): Promise<ExitCode> {
  const [file] = args.operands as [string];
  const { image, offset } = await openImageAndOffset(file, args, io, { need: 'tree' });
  const problems = new Problems(file, io, allWithJson(args));
  const facts = factsOf(image, offset, tallyContents(image, problems));
  await print(io, args.json ? infoJson(facts) : infoText(facts, lookOf(io, args)));
  return problems.finish();
}
