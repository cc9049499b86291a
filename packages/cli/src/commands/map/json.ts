import { nameToText } from 'cramfs-format';
import type { RangeExplanation } from 'cramfs-reader';
import { JsonList, jsonPieces } from '../../render/json.js';
import { segmentFlags } from '../../render/segment.js';
import type { MappabilityReport, MappedFile, PerKernel } from './report.js';
import type { RequirementFailure } from './require.js';
import type { SimulatedRange, Simulation } from './simulate.js';

/**
 * @param offset of the image in the file.
 * @param failures null if nothing was required.
 * @param simulation null if there was none.
 */
export function mapJson(
  report: MappabilityReport,
  offset: number,
  failures: readonly RequirementFailure[] | null,
  simulation: Simulation | null,
): Iterable<string> {
  const { image, target } = report;
  return jsonPieces({
    offset,
    pageSize: target.pageSize,
    blockSize: image.blockSize,
    physAddr: target.physAddr,
    arch: target.loaders.arch ?? null,
    files: new JsonList(filesJson(report)),
    totals: report.totals(),
    required: failures === null ? null : { ok: failures.length === 0, failures },
    simulation: simulation === null ? null : simulationJson(simulation),
  });
}

function* filesJson(report: MappabilityReport): Generator<unknown, void> {
  for (const file of report.files()) yield fileJson(file);
}

function fileJson({ path, inode, pages, tail, format, ranges, segments }: MappedFile): unknown {
  return {
    path: nameToText(path),
    size: inode.size,
    pages,
    tail,
    format: format ?? null,
    ...rangesJson(ranges),
    segments:
      segments?.map(({ segment, ranges: ofSegment }) => ({
        name: segment.name ?? null,
        flags: segmentFlags(segment.flags),
        offset: segment.offset,
        filesz: segment.filesz,
        vaddr: segment.vaddr,
        pgoff: segment.pgoff,
        pages: segment.pages,
        ...rangesJson(ofSegment),
      })) ?? null,
  };
}

function rangesJson(ranges: PerKernel<RangeExplanation>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(ranges).map(([kernel, range]) => [
      kernel,
      {
        directPages: range.directPages,
        romStart: range.romStart ?? null,
        romEnd: range.romEnd ?? null,
        ramPages: range.ramPages,
        outsidePages: range.outsidePages,
        reason: range.reason ?? null,
        hazard: range.hazard ?? null,
      },
    ]),
  );
}

function simulationJson({ mappings, disagreements }: Simulation): unknown {
  return {
    ok: disagreements.length === 0,
    mappings,
    disagreements: disagreements.map(({ path, what, kernel, static: expected, simulated }) => ({
      path: nameToText(path),
      what,
      kernel,
      static: rangeJson({ ...expected, error: undefined }),
      simulated: rangeJson(simulated),
    })),
  };
}

function rangeJson({ directPages, romStart, ramPages, error }: SimulatedRange): unknown {
  return { directPages, romStart: romStart ?? null, ramPages, error: error ?? null };
}
