import { textToName } from 'cramfs-format';
import { programArchitecture } from 'xip-emu';
import type { ExecArguments } from './index.js';
import { DEFAULT_PHYS, libraryPath } from '../../emulator/options.js';
import { kernelOfImage } from '../../emulator/kernel-of-image.js';
import { checkKernel, kernelConfig } from '../../emulator/architecture.js';
import { UsageError } from '../../shell/errors.js';
import { EXIT, type ExitCode } from '../../shell/exit-codes.js';
import { print, type CliIo } from '../../shell/io.js';
import { openImageAndOffset } from '../../shell/open-image.js';
import { about } from '../../shell/report-error.js';
import { lookOf } from '../../render/look.js';
import { boardPrograms, compareCommand } from './board.js';
import { explainExec } from './explain.js';
import { systemJson } from './system-json.js';
import { execJson } from './json.js';
import { systemText } from './system-text.js';
import { execText } from './text.js';
import { sortObjects, sortShared } from './sort.js';
import { argvsOf, readRuns } from '../../emulator/runs.js';
import { explainSystem } from './system.js';
import { EXECUTES } from './words.js';

/** `cramfs exec`, its command line parsed. */
export async function runExecCommand(args: ExecArguments, io: CliIo): Promise<ExitCode> {
  if (args.run.includes(EXECUTES)) {
    return (await import('./execute/run.js')).executeCommand(args, io);
  }
  const [file, pathText, ...argumentTexts] = args.operands as [string, string?, ...string[]];
  const runs = await readRuns(args);
  if (pathText === undefined && runs.length === 0) {
    throw new UsageError('missing argument: PATH, or --run');
  }
  if (pathText !== undefined && runs.length > 0) {
    throw new UsageError(`unexpected argument: ${pathText}: --run names the programs`);
  }
  const look = lookOf(io, args);
  const order = { sort: args.sort, reverse: args.reverse };
  const imageArguments = { ...args, offset: args['image-offset'] };
  const { image, offset } = await openImageAndOffset(file, imageArguments, io, { need: 'linux' });
  return about(file, async () => {
    checkKernel(image, args);
    const path = pathText === undefined ? runs[0]!.argv[0] : absolute(textToName(pathText));
    const { phys = DEFAULT_PHYS, nommu, loader = 'auto' } = args;
    const kernel = {
      arch: programArchitecture(image, path, args),
      config: kernelConfig(args),
      mmu: !nommu,
      policy: kernelOfImage(image, args.policy),
      physAddr: phys,
      loader,
      libraryPath: libraryPath(args['library-path']),
      envp: args.env.map(textToName),
      maxRam: args['max-ram'],
    };
    if (args.compare.length > 0) {
      const several = runs.length > 0;
      const argvs = several ? runs.flatMap(argvsOf) : [[path, ...argumentTexts.map(textToName)]];
      const questions = argvs.map((argv) => ({ ...kernel, path: argv[0], argv }));
      const programs = boardPrograms(args.compare, questions, several);
      return compareCommand(image, programs, { offset, json: args.json, look }, io);
    }
    if (runs.length > 0) {
      const explanation = sortShared(explainSystem(image, { ...kernel, runs }), order);
      await print(io, args.json ? systemJson(explanation, offset) : systemText(explanation, look));
      return explanation.starts && explanation.fits ? EXIT.ok : EXIT.differs;
    }
    const argv = [path, ...argumentTexts.map(textToName)];
    const explanation = sortObjects(explainExec(image, { ...kernel, path, argv }), order);
    await print(io, args.json ? execJson(explanation, offset) : execText(explanation, look));
    return explanation.starts && explanation.fits ? EXIT.ok : EXIT.differs;
  });
}

function absolute(path: string): string {
  return `/${path.replace(/^\/+/, '')}`;
}
