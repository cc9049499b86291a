import { findInFile } from 'cramfs-reader/node';
import type { FindArguments } from './index.js';
import { lookOf } from '../../render/look.js';
import { EXIT, type ExitCode } from '../../shell/exit-codes.js';
import { print, type CliIo } from '../../shell/io.js';
import { about, reportError } from '../../shell/report-error.js';
import type { Find } from './finds.js';
import { findJson } from './json.js';
import { findText } from './text.js';

/** `cramfs find`, its command line parsed. */
export async function runFindCommand(args: FindArguments, io: CliIo): Promise<ExitCode> {
  const files = args.operands;
  const finds: Find[] = [];
  let failure: ExitCode = EXIT.ok;
  for (const file of files) {
    try {
      const images = await about(file, () => findInFile(file));
      images.forEach((found, index) => finds.push({ file, number: index + 1, found }));
    } catch (error) {
      failure = reportError(error, 'cramfs', io);
    }
  }
  await print(
    io,
    args.json ? findJson(finds) : findText(finds, files.length > 1, lookOf(io, args)),
  );
  if (failure !== EXIT.ok) return failure;
  return finds.length > 0 ? EXIT.ok : EXIT.differs;
}
