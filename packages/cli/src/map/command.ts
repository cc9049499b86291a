import type { MapArguments } from '../commands/map.js';
import { about } from '../report-error.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { print, type CliIo } from '../io.js';
import { openImageArgument } from '../open-image.js';
import { mapJson, mapTable } from './render.js';
import { MappabilityReport, type Kernel } from './report.js';
import { requirementFailures } from './require.js';
import { selectFiles } from './select.js';

/** `cramfs map`, its command line parsed. */
export async function runMapCommand(
  args: MapArguments,
  defaultPhys: number,
  io: CliIo,
): Promise<ExitCode> {
  const [file, ...operands] = args.operands as [string, ...string[]];
  const image = await openImageArgument(file, args, io);
  return about(file, async () => {
    const report = new MappabilityReport(image, {
      pageSize: args['page-size'] ?? image.blockSize,
      physAddr: args.phys ?? defaultPhys,
      kernels: kernels(args),
    });
    for (const { path, inode } of selectFiles(image, operands)) report.add(path, inode);
    const failures = requirementFailures(report, args.require);
    const required = args.require.length > 0;
    if (args.json) {
      await print(io, mapJson(report, required ? failures : null));
    } else if (required) {
      await print(io, failures.map(({ path, reason }) => `${path}: ${reason}\n`).join(''));
    } else {
      await print(io, mapTable(report, args.segments));
    }
    return failures.length > 0 ? EXIT.differs : EXIT.ok;
  });
}

function kernels({ mmu, nommu }: Pick<MapArguments, 'mmu' | 'nommu'>): readonly Kernel[] {
  if (mmu === nommu) return ['mmu', 'nommu'];
  return mmu ? ['mmu'] : ['nommu'];
}
