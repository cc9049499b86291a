import { CramfsError, textToName, plural } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import { fileArchitecture } from 'xip-emu';
import type { MmapArguments } from './index.js';
import { DEFAULT_PHYS } from '../../emulator/options.js';
import { kernelOfImage } from '../../emulator/kernel-of-image.js';
import { checkKernel, kernelConfig } from '../../emulator/architecture.js';
import { UsageError } from '../../shell/errors.js';
import { EXIT, type ExitCode } from '../../shell/exit-codes.js';
import { print, type CliIo } from '../../shell/io.js';
import { openImageAndOffset } from '../../shell/open-image.js';
import { about } from '../../shell/report-error.js';
import { lookOf } from '../../render/look.js';
import { explainMmap, type MmapQuestion, type Touch } from './explain.js';
import { mmapJson } from './json.js';
import { mmapText } from './text.js';

/** `cramfs mmap`, its command line parsed. */
export async function runMmapCommand(args: MmapArguments, io: CliIo): Promise<ExitCode> {
  const [file, path] = args.operands as [string, string];
  const touches = args.touch.map(parseTouch);
  // For a kernel each block is a page, whatever the image was built for.
  const blockSize = args['page-size'] ?? args['block-size'];
  const imageArguments = { ...args, offset: args['image-offset'], 'block-size': blockSize };
  const { image, offset } = await openImageAndOffset(file, imageArguments, io, { need: 'linux' });
  return about(file, async () => {
    checkKernel(image, args);
    const explanation = explainMmap(image, question(args, image, path, touches));
    await print(
      io,
      args.json ? mmapJson(explanation, offset) : mmapText(explanation, lookOf(io, args)),
    );
    return EXIT.ok;
  });
}

function question(
  args: MmapArguments,
  image: CramfsImage,
  pathText: string,
  touches: readonly Touch[],
): MmapQuestion {
  const path = `/${textToName(pathText).replace(/^\/+/, '')}`;
  const inode = image.lookup(path);
  if (inode.type !== 'file') throw new CramfsError('WRONG_TYPE', 'not a regular file', { path });
  const { offset = 0, prot = 'r', shared, nommu, phys } = args;
  const pageSize = image.blockSize;
  if (offset % pageSize !== 0) {
    throw new UsageError(`--offset cannot be ${offset}: use a multiple of ${pageSize}`);
  }
  // For an empty file, or an offset beyond the end: one page, to see the result.
  const length = args.len ?? (offset < inode.size ? inode.size - offset : pageSize);
  const pages = Math.ceil(length / pageSize);
  const outside = touches.find(({ page }) => page >= pages);
  if (outside !== undefined) {
    throw new UsageError(
      `--touch ${outside.page}: the mapping has ${plural(pages, 'page')}, from 0 on`,
    );
  }
  return {
    path,
    inode,
    offset,
    length,
    prot,
    shared,
    arch: fileArchitecture(image, inode, args),
    config: kernelConfig(args),
    mmu: !nommu,
    policy: kernelOfImage(image, args.policy),
    physAddr: phys ?? DEFAULT_PHYS,
    touches,
  };
}

function parseTouch(given: string): Touch {
  const match = /^(\d+|0x[0-9a-f]+)(?::([rw]))?$/i.exec(given);
  const page = match === null ? NaN : Number(match[1]);
  if (!Number.isSafeInteger(page)) {
    throw new UsageError(`--touch cannot be '${given}': use PAGE, PAGE:r or PAGE:w`);
  }
  return { page, write: match![2] === 'w' };
}
