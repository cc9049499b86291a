import { nameToText, plural } from 'cramfs-format';
import type { Bailout, CramfsImage, Inode, RangeExplanation } from 'cramfs-reader';
import { storedBytes } from '../../render/block-tally.js';
import { hex } from '../../render/json.js';
import type { Color, Look } from '../../render/look.js';
import { tablePieces, type Column } from '../../render/table.js';
import { hangingLine } from '../../render/text-width.js';
import type { MappabilityReport, MappedFile, PerKernel } from './report.js';
import type { SortKey } from './sort.js';
import { segmentFlags } from '../../render/segment.js';

/** Values of `map`'s options. */
interface TableOptions {
  readonly segments: boolean;
  readonly sort?: SortKey | undefined;
}

/** One line per file, and per part of programs if asked for, and the sums. */
export function* mapTable(
  report: MappabilityReport,
  { segments: withSegments, sort }: TableOptions,
  look: Look,
): Generator<string, void> {
  const { kernels, pageSize, physAddr, loaders } = report.target;
  const both = kernels.length > 1;
  const bytes = BYTES.find(({ key }) => key === sort);
  const columns: Column[] = [
    { title: 'FILE', fit: 'cut' },
    { title: 'PAGES', align: 'right' },
    { title: 'DIRECT', align: 'right', color: directColor },
    { title: 'RAM', align: 'right' },
    ...(both ? [{ title: 'NO-MMU', align: 'right' } as const] : []),
    ...(bytes === undefined ? [] : [{ title: bytes.title, align: 'right' } as const]),
    { title: 'TAIL', short: { 'zero-padded': 'zeros' } },
    { title: 'ROM' },
    { title: 'REASON', fit: 'wrap' },
  ];
  const row = (
    name: string,
    pages: number,
    tail: MappedFile['tail'],
    format: MappedFile['format'],
    ranges: PerKernel<RangeExplanation>,
    inode?: Inode,
  ): string[] => {
    const main = ranges[kernels[0]!]!;
    const { romStart, romEnd } = main.romStart === undefined ? (ranges.nommu ?? main) : main;
    return [
      name,
      String(pages),
      String(main.directPages),
      String(main.ramPages),
      ...(both ? [String(ranges.nommu!.directPages)] : []),
      ...(bytes === undefined ? [] : [inode === undefined ? '' : bytes.text(report.image, inode)]),
      tail === 'none' ? '' : tail,
      romStart === undefined ? '' : `${hex(romStart)}-${hex(romEnd!)}`,
      ranges.nommu?.hazard ?? reasonOf(format, main, ranges.nommu) ?? '',
    ];
  };
  function* rows(): Generator<string[], void> {
    for (const { path, inode, pages, tail, format, ranges, segments = [] } of report.files()) {
      yield row(nameToText(path), pages, tail, format, ranges, inode);
      if (!withSegments) continue;
      for (const { segment, ranges: ofSegment } of segments) {
        const { flags, offset, filesz } = segment;
        const what = segment.name ?? segmentFlags(flags);
        const name = `  ${what} ${hex(offset)}+${hex(filesz)}`;
        yield row(name, segment.pages, 'none', format, ofSegment);
      }
    }
  }
  const kind = both
    ? 'DIRECT, RAM: pages with an MMU; NO-MMU: direct pages without'
    : kernels[0] === 'mmu'
      ? 'with an MMU'
      : 'without an MMU';
  const pages = loaders.arch === undefined ? 'Pages' : `${loaders.arch}: pages`;
  const { kernel } = report.image.dialect;
  const own = kernel === undefined ? '' : `, ${kernel.title}`;
  const heading = `${pages} of ${pageSize} bytes, image at ${hex(physAddr)}${own}; ${kind}.`;
  yield hangingLine(heading, look.width);
  yield* tablePieces(columns, rows, look);
  yield totalsText(report, look);
}

/** Columns for the sort key, if the others do not show it. */
const BYTES: readonly {
  readonly key: SortKey;
  readonly title: string;
  readonly text: (image: CramfsImage, inode: Inode) => string;
}[] = [
  { key: 'size', title: 'SIZE', text: (_image, inode) => String(inode.size) },
  { key: 'stored', title: 'STORED', text: (image, inode) => String(storedBytes(image, inode)) },
];

/** Why no page of a writable area is direct. */
const WRITABLE: Bailout = 'vma is writable';

/** A count of direct pages: all, some or none. Writable mappings are never direct. */
function directColor(direct: string, row: readonly string[]): Color | undefined {
  const [, pages] = row;
  if (direct === pages) return 'green';
  if (direct !== '0') return 'yellow';
  return row.at(-1) === WRITABLE ? undefined : 'red';
}

/** For a program made for one kind of kernel, that kernel's reason. */
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

function totalsText(report: MappabilityReport, look: Look): string {
  const totals = report.totals();
  return report.target.kernels
    .map((kernel) => {
      const { files, pages, directPages, ramPages, outsidePages } = totals[kernel]!;
      const name = kernel === 'mmu' ? 'with an MMU' : 'without an MMU';
      const outside = outsidePages === 0 ? '' : `, ${outsidePages} not in the image`;
      return hangingLine(
        `${name}, ${HOW_MAPPED[kernel]}: ${plural(files, 'file')}, ${plural(pages, 'page')}; ` +
          `${directPages} direct from ROM, ${ramPages} in RAM when used${outside}`,
        look.width,
      );
    })
    .join('');
}
