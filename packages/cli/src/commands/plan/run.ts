import { plural } from 'cramfs-format';
import {
  curveSvg,
  describeParts,
  describeRefusals,
  formatPlan,
  namedPoints,
  nextStep,
  programPoints,
  totalPages,
  type PlannedChoice,
  type Planner,
  type Workload,
} from 'cramfs-planner';
import { workerCompressor } from 'mkcramfs/node';
import type { PlanArguments } from './index.js';
import { isImageSource } from '../../building/is-image-source.js';
import { expectBytes } from '../../building/expect-bytes.js';
import { ProblemLog } from '../../building/problem-log.js';
import type { SourceRequest } from '../../building/request.js';
import { sourceRequest } from '../../building/source-request.js';
import { readTree, readInsert } from '../../building/tree.js';
import { placeWorkload, preparePlanner, readWorkload } from '../../planning/prepare.js';
import { InputError, UsageError } from '../../shell/errors.js';
import { EXIT, type ExitCode } from '../../shell/exit-codes.js';
import { print, type CliIo } from '../../shell/io.js';
import { about } from '../../shell/report-error.js';
import { writeWhole } from '../../shell/write-whole.js';
import { lookOf } from '../../render/look.js';
import { planJson } from './json.js';
import { planText } from './text.js';
import type { PlanAnswer } from './answer.js';

/** The size of one more step of a budget, in bytes. */
const STEP = 64 << 10;

/** `cramfs plan`, its command line parsed. */
export async function runPlanCommand(args: PlanArguments, io: CliIo): Promise<ExitCode> {
  checkArguments(args);
  const request = await withImage(planRequest(args), args, io);
  const { source } = request;
  const asked = await readWorkload(args);
  const log = new ProblemLog('cramfs', source, request.listAll, io);
  const compressor = workerCompressor(request.workers);
  try {
    const root = await readTree(request, log.add, expectBytes(compressor));
    const insert = await readInsert(request);
    await about(source, () => {
      log.stopIfBad(false);
    });
    const answer = await about(source, async () => {
      const build = { ...request.image, insert, onProblem: log.add };
      const workload = placeWorkload(asked, root, args, log.note.bind(log));
      const planner = await preparePlanner(root, build, { args, workload }, compressor);
      return answerOf(planner, workload, args);
    });
    await writeFiles(answer, args);
    const look = lookOf(io, args);
    await print(io, args.json ? planJson(answer) : planText(answer, { look, all: args.verbose }));
    return EXIT.ok;
  } finally {
    log.finish();
    await compressor.close();
  }
}

function checkArguments(args: PlanArguments): void {
  if (args.flash !== undefined && args.ram !== undefined) {
    throw new UsageError('--flash and --ram: only one can be the budget');
  }
  if (args.mmu && args.nommu) throw new UsageError('--mmu and --nommu: only one is possible');
  if (args.output !== undefined && args.flash === undefined && args.ram === undefined) {
    throw new UsageError('--output needs a budget: --flash or --ram');
  }
}

function planRequest(args: PlanArguments): SourceRequest {
  const request = sourceRequest(args);
  const align = args['xip-align'];
  const isIdle = align !== undefined && !args.nommu;
  return {
    ...request,
    output: args.output,
    image: {
      ...request.image,
      xip: { mode: args.nommu ? 'nommu' : 'mmu', ...(align === undefined ? {} : { align }) },
    },
    filePatterns: [],
    idle: isIdle ? ['--xip-align does nothing without --nommu'] : [],
    listAll: args.verbose || args.json,
  };
}

/** Opens a source that is an image. @throws FileError */
async function withImage(
  request: SourceRequest,
  { offset, image, dialect }: PlanArguments,
  io: CliIo,
): Promise<SourceRequest> {
  const { source } = request;
  const place = { offset, image, dialect };
  if (!(await about(source, () => isImageSource(source, place)))) return request;
  const { openSourceImage } = await import('../../building/image-source.js');
  return { ...request, sourceImage: await openSourceImage(source, place, io) };
}

async function answerOf(
  planner: Planner,
  workload: Workload,
  { flash, ram }: PlanArguments,
): Promise<PlanAnswer> {
  const choice =
    flash !== undefined
      ? planner.forFlash(flash)
      : ram !== undefined
        ? planner.forRam(ram)
        : undefined;
  const confirmed = await confirm(planner, choice ?? planner.most());
  const curve = planner.curve();
  return {
    planner,
    workload,
    budget: flash !== undefined ? { flash } : ram !== undefined ? { ram } : undefined,
    choice,
    parts: describeParts(planner, choice ?? planner.most()),
    refusals: describeRefusals(planner),
    next: choice === undefined ? undefined : nextStep(planner, choice, STEP),
    curve,
    named: namedPoints(curve),
    programs: programPoints(planner),
    confirmed,
  };
}

/**
 * Runs the workload on the image in the emulator. @throws InputError if it takes a different amount of RAM.
 */
async function confirm(planner: Planner, choice: PlannedChoice): Promise<PlanAnswer['confirmed']> {
  const { ram, romPages } = await planner.measure(choice);
  const bytes = totalPages(ram) * planner.survey.blockSize;
  if (bytes !== choice.ram) {
    throw new InputError(
      `the plan promises ${plural(choice.ram, 'byte')} of RAM, but in the emulator the workload takes ${bytes}`,
    );
  }
  return { ram, romPages };
}

async function writeFiles(answer: PlanAnswer, { output, svg }: PlanArguments): Promise<void> {
  const { planner, choice, curve, named, budget } = answer;
  if (output !== undefined && choice !== undefined) {
    const asked =
      budget !== undefined && 'flash' in budget
        ? `--flash ${budget.flash}`
        : `--ram ${answer.choice!.ram}`;
    const notes = [`${asked}: image of ${choice.flash} bytes, RAM of the workload ${choice.ram}`];
    await writeWhole(output, [formatPlan(planner.plan(choice), notes)]);
  }
  if (svg === undefined) return;
  const drawing = { title: 'What runs in place: flash and RAM', curve, named, chosen: choice };
  await writeWhole(svg, [curveSvg(drawing)]);
}
