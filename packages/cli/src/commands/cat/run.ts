import { CramfsError, isCramfsError } from 'cramfs-format';
import type { CramfsImage, Inode } from 'cramfs-reader';
import type { CatArguments } from './index.js';
import { warnOfCrc } from '../../shell/crc-warning.js';
import type { ExitCode } from '../../shell/exit-codes.js';
import { expandPaths } from '../../shell/expand-paths.js';
import { writeOut, type CliIo } from '../../shell/io.js';
import { openImageArgument } from '../../shell/open-image.js';
import { Problems } from '../../shell/problems.js';
import { atPath } from '../../shell/report-error.js';

/** How many bytes of a file are written at once. */
const PIECE = 1 << 20;

/** `cramfs cat`, its command line parsed. */
export async function runCatCommand(args: CatArguments, io: CliIo): Promise<ExitCode> {
  const [file, ...paths] = args.operands as [string, ...string[]];
  const image = await openImageArgument(file, args, io);
  const problems = new Problems(file, io);
  const isFile = (inode: Inode, path: string): boolean => leadsToFile(image, inode, path);
  for (const path of expandPaths(image, paths, isFile, problems.add)) {
    const content = problems.try(() => readRegularFile(image, path));
    if (content === undefined) continue;
    for (let at = 0; at < content.length; at += PIECE) {
      await writeOut(io, content.subarray(at, at + PIECE));
    }
  }
  warnOfCrc(image, file, io);
  return problems.finish();
}

function readRegularFile(image: CramfsImage, path: string): Uint8Array {
  const inode = image.lookup(path);
  if (inode.type !== 'file') {
    throw new CramfsError('WRONG_TYPE', 'not a regular file', { path, offset: inode.entryOffset });
  }
  return atPath(path, () => image.readFile(inode));
}

/** True for entries that a pattern can match: a regular file, or a symbolic link to one. */
function leadsToFile(image: CramfsImage, { type }: Inode, path: string): boolean {
  if (type !== 'symlink') return type === 'file';
  try {
    return image.lookup(path).type === 'file';
  } catch (error) {
    if (isCramfsError(error)) return false;
    throw error;
  }
}
