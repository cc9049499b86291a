import type { CheckArguments } from './index.js';
import { EXIT, type ExitCode } from '../../shell/exit-codes.js';
import { print, type CliIo } from '../../shell/io.js';
import { printable } from '../../shell/report-error.js';
import { lookOf } from '../../render/look.js';
import { checkFile } from './check-file.js';
import { checkJson } from './json.js';
import { checkText } from './text.js';
import { verdict } from './verdict.js';

/** `cramfs check`, its command line parsed. */
export async function runCheckCommand(args: CheckArguments, io: CliIo): Promise<ExitCode> {
  const [file] = args.operands as [string];
  const all = args.verbose || args.json;
  const { mmu, nommu } = args;
  const mmuOnly = mmu === nommu ? undefined : mmu;
  const options = { ...args, pageSize: args['page-size'], all, mmuOnly };
  const { result, offset } = await checkFile(file, options, io);
  const output = args.json
    ? checkJson(result, offset)
    : checkText(printable(file), result, args.verbose, lookOf(io, args));
  await print(io, output);
  return verdict(result).errors > 0 ? EXIT.uncorrected : EXIT.ok;
}
