import { readFileSync } from 'node:fs';
import { nameToText, textToName } from 'cramfs-format';
import type { ExecArguments } from './index.js';
import { DEFAULT_PHYS } from '../../emulator/options.js';
import { checkKernel, kernelConfig, programArchitecture } from '../../emulator/architecture.js';
import { UsageError } from '../../shell/errors.js';
import { EXIT, type ExitCode } from '../../shell/exit-codes.js';
import { print, type CliIo } from '../../shell/io.js';
import { openImageAndOffset } from '../../shell/open-image.js';
import { renderJson } from '../../render/json.js';
import { hangingLine } from '../../render/text-width.js';
import { about } from '../../shell/report-error.js';
import { lookOf, type Look } from '../../render/look.js';
import { parseBoardMaps } from './board-maps.js';
import { compareWithBoard, differenceText } from './compare.js';
import { explainExec, type ExecExplanation } from './explain.js';
import { systemJson } from './system-json.js';
import { execJson } from './json.js';
import { systemText } from './system-text.js';
import { execText } from './text.js';
import { sortObjects, sortShared } from './sort.js';
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
  const look = lookOf(io, args);
  const order = { sort: args.sort, reverse: args.reverse };
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
      const explanation = sortShared(explainSystem(image, { ...kernel, runs }), order);
      await print(io, args.json ? systemJson(explanation, offset) : systemText(explanation, look));
      return explanation.starts && explanation.fits ? EXIT.ok : EXIT.differs;
    }
    const argv = [path, ...argumentTexts.map(textToName)];
    const explanation = sortObjects(explainExec(image, { ...kernel, path, argv }), order);
    if (args.compare !== undefined) {
      return compareCommand({ explanation, offset, file: args.compare, json: args.json, look }, io);
    }
    await print(io, args.json ? execJson(explanation, offset) : execText(explanation, look));
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
  readonly look: Look;
}

/** `--compare`: a line for each difference. A program that does not start is compared with nothing. */
async function compareCommand(
  { explanation, offset, file, json, look }: BoardQuestion,
  io: CliIo,
): Promise<ExitCode> {
  if (!explanation.starts) {
    await print(io, json ? execJson(explanation, offset) : execText(explanation, look));
    return EXIT.differs;
  }
  const board = await about(file, () => parseBoardMaps(readFileSync(file, 'latin1')));
  const differences = compareWithBoard(explanation, board);
  await print(
    io,
    json
      ? renderJson(differences.map((each) => ({ ...each, path: nameToText(each.path) })))
      : differences.map((each) => hangingLine(differenceText(each), look.width)).join(''),
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
