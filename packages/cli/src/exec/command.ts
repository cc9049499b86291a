import { textToName } from 'cramfs-format';
import type { ExecArguments } from '../commands/exec.js';
import { DEFAULT_PHYS } from '../emulator-options.js';
import { kernelConfig, programArchitecture } from '../emulator/architecture.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { print, type CliIo } from '../io.js';
import { openImageAndOffset } from '../open-image.js';
import { about } from '../report-error.js';
import { explainExec } from './explain.js';
import { execJson } from './json.js';
import { execText } from './render.js';

/** `cramfs exec`, its command line parsed. */
export async function runExecCommand(args: ExecArguments, io: CliIo): Promise<ExitCode> {
  const [file, pathText, ...argumentTexts] = args.operands as [string, string, ...string[]];
  const imageArguments = { offset: args['image-offset'], 'block-size': args['block-size'] };
  const { image, offset } = await openImageAndOffset(file, imageArguments, io);
  return about(file, async () => {
    const path = `/${textToName(pathText).replace(/^\/+/, '')}`;
    const { policy = 'linux-6.12', phys = DEFAULT_PHYS, nommu, loader = 'auto' } = args;
    const explanation = explainExec(image, {
      path,
      argv: [path, ...argumentTexts.map(textToName)],
      arch: programArchitecture(image, path, args),
      config: kernelConfig(args),
      mmu: !nommu,
      policy,
      physAddr: phys,
      loader,
      libraryPath: directories(args['library-path']),
      maxRam: args['max-ram'],
    });
    await print(io, args.json ? execJson(explanation, offset) : execText(explanation));
    return explanation.starts && explanation.fits ? EXIT.ok : EXIT.differs;
  });
}

function directories(path: string | undefined): string[] {
  return path === undefined ? [] : textToName(path).split(':');
}
