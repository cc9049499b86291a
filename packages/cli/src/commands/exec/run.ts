import { readFileSync } from 'node:fs';
import { nameToText, textToName } from 'cramfs-format';
import type { ExecArguments } from './index.js';
import { DEFAULT_PHYS } from '../../emulator/options.js';
import { checkKernel, kernelConfig, programArchitecture } from '../../emulator/architecture.js';
import { UsageError } from '../../shell/errors.js';
import { EXIT, type ExitCode } from '../../shell/exit-codes.js';
import { lineWidth, print, type CliIo } from '../../shell/io.js';
import { openImageAndOffset } from '../../shell/open-image.js';
import { renderJson } from '../../render/json.js';
import { about } from '../../shell/report-error.js';
import { parseBoardMaps } from './board-maps.js';
import { compareWithBoard, differenceText } from './compare.js';
import { explainExec, type ExecExplanation } from './explain.js';
import { systemJson } from './system-json.js';
import { execJson } from './json.js';
import { systemText } from './system-text.js';
import { execText } from './text.js';
import { checkRuns, parseRun, parseRunFile, type ProgramRuns } from './runs.js';
import { explainSystem } from './system.js';

/** `cramfs exec`, its command line parsed. */
export async function runExecCommand(args: ExecArguments, io: CliIo): Promise<ExitCode> {
  const [file, pathText, ...argumentTexts] = args.operands as [string, string?, ...string[]];
  const runs = await runsOf(args);
  if (pathText === undefined && runs.length === 0) {
    throw new UsageError('missing argument: PATH, or --run');
  }
  if (args.compare !== undefined && runs.length > 0) {
    throw new UsageError('--compare is for one PATH, not for --run');
  }
  if (pathText !== undefined && runs.length > 0) {
    throw new UsageError(`unexpected argument: ${pathText}: --run names the programs`);
  }
  const imageArguments = { offset: args['image-offset'], 'block-size': args['block-size'] };
  const { image, offset } = await openImageAndOffset(file, imageArguments, io);
  return about(file, async () => {
    checkKernel(image, args);
    const path = pathText === undefined ? runs[0]!.argv[0] : absolute(textToName(pathText));
    const { policy = 'linux-6.12', phys = DEFAULT_PHYS, nommu, loader = 'auto' } = args;
    const kernel = {
      arch: programArchitecture(image, path, args),
      config: kernelConfig(args),
      mmu: !nommu,
      policy,
      physAddr: phys,
      loader,
      libraryPath: directories(args['library-path']),
      maxRam: args['max-ram'],
    };
    if (runs.length > 0) {
      const explanation = explainSystem(image, { ...kernel, runs });
      await print(io, args.json ? systemJson(explanation, offset) : systemText(explanation));
      return explanation.starts && explanation.fits ? EXIT.ok : EXIT.differs;
    }
    const argv = [path, ...argumentTexts.map(textToName)];
    const explanation = explainExec(image, { ...kernel, path, argv });
    if (args.compare !== undefined) {
      return compareCommand({ explanation, offset, file: args.compare, json: args.json }, io);
    }
    await print(
      io,
      args.json ? execJson(explanation, offset) : execText(explanation, lineWidth(io, false)),
    );
    return explanation.starts && explanation.fits ? EXIT.ok : EXIT.differs;
  });
}

interface BoardQuestion {
  readonly explanation: ExecExplanation;
  /** Where the image starts in its file. */
  readonly offset: number;
  /** What was saved on the board. */
  readonly file: string;
  readonly json: boolean;
}

/** `--compare`: a line for each difference. A program that does not start is compared with nothing. */
async function compareCommand(
  { explanation, offset, file, json }: BoardQuestion,
  io: CliIo,
): Promise<ExitCode> {
  if (!explanation.starts) {
    await print(
      io,
      json ? execJson(explanation, offset) : execText(explanation, lineWidth(io, false)),
    );
    return EXIT.differs;
  }
  const board = await about(file, () => parseBoardMaps(readFileSync(file, 'latin1')));
  const differences = compareWithBoard(explanation, board);
  await print(
    io,
    json
      ? renderJson(differences.map((each) => ({ ...each, path: nameToText(each.path) })))
      : differences.map((each) => `${differenceText(each)}\n`).join(''),
  );
  return differences.length > 0 ? EXIT.differs : EXIT.ok;
}

/** What `--run` and `--run-file` name, in this order. @throws UsageError, FileError. */
async function runsOf(args: ExecArguments): Promise<ProgramRuns[]> {
  const file = args['run-file'];
  const text = file === undefined ? '' : await about(file, () => readFileSync(file, 'utf8'));
  const runs = [...args.run.map(parseRun), ...parseRunFile(text)];
  if (file !== undefined && runs.length === 0) {
    throw new UsageError(`--run-file cannot be '${file}': it names no programs`);
  }
  checkRuns(runs);
  return runs;
}

function absolute(path: string): string {
  return `/${path.replace(/^\/+/, '')}`;
}

function directories(path: string | undefined): string[] {
  return path === undefined ? [] : textToName(path).split(':');
}
