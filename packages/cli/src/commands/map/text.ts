import { nameToText, plural } from 'cramfs-format';
import type { RangeExplanation } from 'cramfs-reader';
import { hex } from '../../render/json.js';
import { tablePieces, type Column } from '../../render/table.js';
import type { MappabilityReport, MappedFile, PerKernel } from './report.js';
import { segmentFlags } from '../../render/segment.js';

/** One line per file, and per part of programs if asked for, and the sums. */
export function* mapTable(
  report: MappabilityReport,
  withSegments: boolean,
  width: number,
): Generator<string, void> {
  const { kernels, pageSize, physAddr, loaders } = report.target;
  const both = kernels.length > 1;
  const columns: Column[] = [
    { title: 'FILE', fit: 'cut' },
    { title: 'PAGES', align: 'right' },
    { title: 'DIRECT', align: 'right' },
    { title: 'RAM', align: 'right' },
    ...(both ? [{ title: 'NO-MMU', align: 'right' } as const] : []),
    { title: 'TAIL' },
    { title: 'ROM' },
    { title: 'REASON', fit: 'wrap' },
  ];
  const row = (
    name: string,
    pages: number,
    tail: string,
    format: MappedFile['format'],
    ranges: PerKernel<RangeExplanation>,
  ): string[] => {
    const main = ranges[kernels[0]!]!;
    const { romStart, romEnd } = main.romStart === undefined ? (ranges.nommu ?? main) : main;
    return [
      name,
      String(pages),
      String(main.directPages),
      String(main.ramPages),
      ...(both ? [String(ranges.nommu!.directPages)] : []),
      tail,
      romStart === undefined ? '' : `${hex(romStart)}-${hex(romEnd!)}`,
      ranges.nommu?.hazard ?? reasonOf(format, main, ranges.nommu) ?? '',
    ];
  };
  function* rows(): Generator<string[], void> {
    for (const { path, pages, tail, format, ranges, segments = [] } of report.files()) {
      yield row(nameToText(path), pages, tail === 'none' ? '' : tail, format, ranges);
      if (!withSegments) continue;
      for (const { segment, ranges: ofSegment } of segments) {
        const { flags, offset, filesz } = segment;
        const what = segment.name ?? segmentFlags(flags);
        const name = `  ${what} ${hex(offset)}+${hex(filesz)}`;
        yield row(name, segment.pages, '', format, ofSegment);
      }
    }
  }
  const kind = both
    ? 'DIRECT, RAM: pages with an MMU; NO-MMU: direct pages without'
    : kernels[0] === 'mmu'
      ? 'with an MMU'
      : 'without an MMU';
  const pages = loaders.arch === undefined ? 'Pages' : `${loaders.arch}: pages`;
  yield `${pages} of ${pageSize} bytes, image at ${hex(physAddr)}; ${kind}.\n`;
  yield* tablePieces(columns, rows, width);
  yield totalsText(report);
}

/** For a program that is made for one kind of kernel, the reason of that kernel. */
function reasonOf(
  format: MappedFile['format'],
  main: RangeExplanation,
  nommu: RangeExplanation | undefined,
): string | undefined {
  if (format === 'elf') return main.reason;
  if (format === 'flat') return (nommu ?? main).reason;
  return main.reason ?? nommu?.reason;
}

const HOW_MAPPED = {
  mmu: 'mapped whole and read-only',
  nommu: 'programs as loaded, other files mapped whole',
} as const;

function totalsText(report: MappabilityReport): string {
  const totals = report.totals();
  return report.target.kernels
    .map((kernel) => {
      const { files, pages, directPages, ramPages, outsidePages } = totals[kernel]!;
      const name = kernel === 'mmu' ? 'with an MMU' : 'without an MMU';
      return (
        `${name}, ${HOW_MAPPED[kernel]}: ${plural(files, 'file')}, ${plural(pages, 'page')}; ` +
        `${directPages} direct from ROM, ${ramPages} in RAM when used` +
        (outsidePages === 0 ? '\n' : `, ${outsidePages} not in the image\n`)
      );
    })
    .join('');
}
