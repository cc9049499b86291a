import type { CheckResult } from 'cramfs-reader';
import { defineCommand } from '../../shell/command.js';
import { printable } from '../../shell/report-error.js';
import { EXIT } from '../../shell/exit-codes.js';
import { print } from '../../shell/io.js';
import {
  flag,
  imageOptions,
  jsonOption,
  parseBlockSize,
  parseCount,
  value,
} from '../../shell/options.js';
import { renderJson } from '../../render/json.js';
import { resultJson } from './json.js';
import { runCheck } from './run.js';
import { findingLines, renderStats } from './text.js';
import { verdict } from './verdict.js';

export const check = defineCommand({
  synopsis: 'IMAGE',
  description:
    'Checks a whole image: superblock, CRC, directories, block pointers, the data of every block,\n' +
    'overlaps, and what Linux would misread. Prints a line per finding. Exits with 4 if one is an\n' +
    'error, with 0 if there are only warnings.',
  options: {
    'page-size': value(
      'page size of the kernel that will mount the image',
      parseBlockSize('--page-size'),
    ),
    mmu: flag('omit what affects only kernels without an MMU'),
    nommu: flag('check for a kernel without an MMU: what stops it is an error'),
    workers: value('number of threads', parseCount('--workers', 256, 1)),
    verbose: flag('print all findings, and what is in the image', 'v'),
    ...jsonOption,
    ...imageOptions,
  },
  async run(args, io) {
    const [file] = args.operands as [string];
    const all = args.verbose || args.json;
    const { mmu, nommu } = args;
    const mmuOnly = mmu === nommu ? undefined : mmu;
    const options = { ...args, pageSize: args['page-size'], all, mmuOnly };
    const { result, offset } = await runCheck(file, options, io);
    const output = args.json
      ? renderJson(resultJson(result, offset))
      : resultText(printable(file), result, args.verbose);
    await print(io, output);
    return verdict(result).errors > 0 ? EXIT.uncorrected : EXIT.ok;
  },
});

function resultText(name: string, result: CheckResult, verbose: boolean): string {
  const lines = [
    ...findingLines(result, { all: verbose, hint: '--verbose lists all' }),
    verdict(result).text,
  ];
  return (verbose ? renderStats(result) : '') + lines.map((line) => `${name}: ${line}\n`).join('');
}
