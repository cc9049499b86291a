import { CramfsError, textToName } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import { defineCommand } from '../command.js';
import { atPath } from '../report-error.js';
import { writeOut } from '../io.js';
import { openImageArgument } from '../open-image.js';
import { imageOptions } from '../options.js';
import { Problems } from '../problems.js';

/** Bytes of a file that go out at once. */
const PIECE = 1 << 20;

export const cat = defineCommand({
  synopsis: 'IMAGE PATH...',
  description: 'Prints the content of files. Symbolic links are followed inside the image.',
  options: imageOptions,
  async run(args, io) {
    const [file, ...paths] = args.operands as [string, ...string[]];
    const image = await openImageArgument(file, args, io);
    const problems = new Problems(file, io);
    for (const text of paths) {
      const content = problems.try(() => readRegularFile(image, textToName(text)));
      if (content === undefined) continue;
      for (let at = 0; at < content.length; at += PIECE) {
        await writeOut(io, content.subarray(at, at + PIECE));
      }
    }
    return problems.finish();
  },
});

function readRegularFile(image: CramfsImage, path: string): Uint8Array {
  const inode = image.lookup(path);
  if (inode.type !== 'file') {
    throw new CramfsError('WRONG_TYPE', 'not a regular file', { path, offset: inode.entryOffset });
  }
  return atPath(path, () => image.readFile(inode));
}
