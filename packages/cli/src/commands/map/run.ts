import { CramfsError, plural } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import type { MapArguments } from './index.js';
import { DEFAULT_PHYS } from '../../emulator/options.js';
import { checkByteOrder, kernelConfig, kernelPageSize } from '../../emulator/architecture.js';
import { about } from '../../shell/report-error.js';
import { EXIT, type ExitCode } from '../../shell/exit-codes.js';
import { print, printPieces, type CliIo } from '../../shell/io.js';
import { openImageAndOffset } from '../../shell/open-image.js';
import { allWithJson } from '../../shell/problem-lines.js';
import { Problems } from '../../shell/problems.js';
import { Loaders } from './loaders.js';
import { mapJson } from './json.js';
import { mapTable } from './text.js';
import { simulationText } from './simulation-text.js';
import { MappabilityReport, type Kernel, type MappedFile } from './report.js';
import type { RequirementFailure } from './require.js';
import { lookOf } from '../../render/look.js';
import { sortedFiles } from './sort.js';
import { filesBelow, type SelectedFile } from './files-below.js';
import type { Simulation } from './simulate.js';

/** `cramfs map`, its command line parsed. */
export async function runMapCommand(args: MapArguments, io: CliIo): Promise<ExitCode> {
  const [file, ...operands] = args.operands as [string, ...string[]];
  const { image, offset } = await openImageAndOffset(file, args, io, {
    need: 'linux',
    pageSize: args['page-size'],
  });
  return about(file, async () => {
    const problems = new Problems(file, io, allWithJson(args));
    if (image.isCutOff) problems.add(cutOff(image));
    checkByteOrder(image, args);
    const loaders = new Loaders(image, args.arch, kernelConfig(args));
    const target = {
      pageSize: kernelPageSize(image, args, args['page-size']),
      physAddr: args.phys ?? DEFAULT_PHYS,
      kernels: kernels(args),
      loaders,
    };
    const selected = await selectedFiles(image, operands, problems.add);
    const report = new MappabilityReport(image, target, selected);
    report.selected = sortedFiles(report, args.sort, args.reverse);
    const required = args.require.length > 0;
    const failures = required ? await failuresOf(report, args, operands) : [];
    const simulation = args.simulate ? await simulate(report) : null;
    if (args.json) {
      await printPieces(io, mapJson(report, offset, required ? failures : null, simulation));
    } else if (required) {
      await print(io, failures.map(({ path, reason }) => `${path}: ${reason}\n`).join(''));
    } else {
      await printPieces(io, mapTable(report, args, lookOf(io, args)));
    }
    if (simulation !== null && !args.json) await print(io, simulationText(simulation));
    const agrees = simulation === null || simulation.disagreements.length === 0;
    const differs = !agrees || failures.length > 0;
    if (!differs) {
      for (const { file: mapped, reason } of report.outside()) {
        problems.add(notInImage(mapped, reason));
      }
    }
    const code = problems.finish();
    return code === EXIT.ok && differs ? EXIT.differs : code;
  });
}

/**
 * Missing data cannot be mapped. Linux does not even mount such an image from ROM: compare
 * fs/cramfs/inode.c:cramfs_mtd_fill_super().
 */
function cutOff({ superblock: { size, offset }, bytes }: CramfsImage): CramfsError {
  const message = `the image is cut off: it has ${plural(size, 'byte')}, of which ${bytes.length} are there`;
  return new CramfsError('BAD_SUPERBLOCK', message, { offset });
}

function notInImage({ path, inode }: MappedFile, reason: string): CramfsError {
  return new CramfsError('OUT_OF_RANGE', reason, { path, offset: inode.dataOffset });
}

/** Globs are loaded on demand: the most frequent `map` has none. */
async function selectedFiles(
  image: CramfsImage,
  operands: readonly string[],
  onError: (error: CramfsError) => void,
): Promise<SelectedFile[]> {
  if (operands.length === 0) return filesBelow(image, image.root, '', onError);
  return (await import('./select.js')).selectFiles(image, operands, onError);
}

async function failuresOf(
  report: MappabilityReport,
  args: MapArguments,
  operands: readonly string[],
): Promise<RequirementFailure[]> {
  const { selectLinks } = await import('./select.js');
  const { requirementFailures } = await import('./require.js');
  const links = selectLinks(report.image, operands);
  return requirementFailures(report, args.require, { links, kernel: kernelAskedFor(args) });
}

/** Loaded on demand: the emulator is as large as all the rest. */
async function simulate(report: MappabilityReport): Promise<Simulation> {
  return (await import('./simulate.js')).simulateReport(report);
}

/** Undefined if each program determines it. */
function kernelAskedFor({ mmu, nommu }: Pick<MapArguments, 'mmu' | 'nommu'>): Kernel | undefined {
  if (mmu === nommu) return undefined;
  return mmu ? 'mmu' : 'nommu';
}

function kernels({ mmu, nommu }: Pick<MapArguments, 'mmu' | 'nommu'>): readonly Kernel[] {
  if (mmu === nommu) return ['mmu', 'nommu'];
  return mmu ? ['mmu'] : ['nommu'];
}
