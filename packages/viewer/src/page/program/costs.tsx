import type { JSX } from 'preact';
import type {
  ExplainedProgram,
  ProgramObject,
  ProgramSegment,
  ProgramTotal,
} from '../../model/program/explain.js';
import { formatBytes, formatHex } from '../shared/format.js';
import { STRINGS } from '../strings/index.js';

const TEXT = STRINGS.program;

/** Pages of RAM: those of the process, and those in the page cache. */
interface Ram {
  readonly private: number;
  readonly cache: number;
}

/** The ROM and RAM of each object and of its segments, and the reason. */
export function Costs(props: {
  readonly explained: ExplainedProgram;
  readonly total: ProgramTotal;
}): JSX.Element {
  const { explained, total } = props;
  const { objects, pageSize } = explained;
  const most = Math.max(1, ...objects.map(({ romPages, atMost }) => romPages + sum(atMost)));
  const own = (pages: number): Ram => ({ private: pages, cache: 0 });
  const rest = [
    [TEXT.loaderMemory, own(total.loaderMemory.atStart), own(total.loaderMemory.atMost)],
    [TEXT.stack, own(total.stackPages), own(total.stackPages)],
    [TEXT.otherFiles, undefined, { private: 0, cache: total.otherCache }],
  ] as const;
  return (
    <section class="panel costs">
      <h2>{TEXT.cost}</h2>
      <div class="costs-scroll" role="region" aria-label={TEXT.cost} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th>{TEXT.object}</th>
              <th>
                <span class="hidden">{TEXT.atMost}</span>
              </th>
              <th class="num">{TEXT.rom}</th>
              <th class="num">{TEXT.atStart}</th>
              <th class="num">{TEXT.atMost}</th>
              <th>{TEXT.notInPlace}</th>
            </tr>
          </thead>
          <tbody>
            {objects.map((object) => (
              <ObjectRows key={object.path} object={object} most={most} />
            ))}
            {rest
              .filter(([, start, end]) => sum(start) + sum(end) > 0)
              .map(([label, start, end]) => (
                <tr key={label}>
                  <th scope="row">{label}</th>
                  <td>
                    <Bar rom={0} ram={end} most={most} />
                  </td>
                  <td />
                  <td class="num">{ramText(start)}</td>
                  <td class="num">{ramText(end)}</td>
                  <td />
                </tr>
              ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{TEXT.total}</th>
              <td />
              <td class="num">{formatBytes(total.romPages * pageSize)}</td>
              <td class="num">{formatBytes(sum(total.atStart) * pageSize)}</td>
              <td class="num">{formatBytes(sum(total.atMost) * pageSize)}</td>
              <td class="dim">{total.pageTablePages > 0 && TEXT.tables(total.pageTablePages)}</td>
            </tr>
          </tfoot>
        </table>
      </div>
      <p class="costs-legend">
        <span>
          <i class="swatch b-rom" /> {TEXT.rom}
        </span>
        <span>
          <i class="swatch b-anonymous" /> {TEXT.private}
        </span>
        <span>
          <i class="swatch b-page-cache" /> {TEXT.cache}
        </span>
        <span class="dim">
          {TEXT.pages(1)}: {formatBytes(pageSize)}
        </span>
      </p>
    </section>
  );
}

function ObjectRows(props: { readonly object: ProgramObject; readonly most: number }): JSX.Element {
  const { object, most } = props;
  const { text, role, neededBy, romPages, atStart, atMost, segments } = object;
  const title = [
    TEXT.roles[role],
    ...(neededBy === undefined ? [] : [TEXT.neededBy(neededBy)]),
  ].join(', ');
  return (
    <>
      <tr class="costs-object">
        <th scope="row" title={`${text}\n${title}`} class="mono">
          <span class="clip">{text}</span>
        </th>
        <td>
          <Bar rom={romPages} ram={atMost} most={most} />
        </td>
        <td class="num">{romPages}</td>
        <td class="num">{ramText(atStart)}</td>
        <td class="num">{ramText(atMost)}</td>
        <td class="dim">{title}</td>
      </tr>
      {segments.map((segment, index) => (
        <SegmentRow key={index} segment={segment} />
      ))}
    </>
  );
}

function SegmentRow({ segment }: { readonly segment: ProgramSegment }): JSX.Element {
  const { flags, offset, filesz, memsz, pages, romPages, writable, reason } = segment;
  const letters = [flags & 4 ? 'r' : '-', flags & 2 ? 'w' : '-', flags & 1 ? 'x' : '-'].join('');
  const why = reason ?? (romPages === pages ? TEXT.allInPlace : writable ? TEXT.written : '');
  return (
    <tr class="costs-segment">
      <td class="mono">
        {letters} {formatHex(offset)}+{formatHex(Math.max(filesz, memsz))}
      </td>
      <td />
      <td class="num">{TEXT.inPlace(romPages, pages)}</td>
      <td />
      <td />
      <td>{why}</td>
    </tr>
  );
}

/** ROM, pages of the process and page cache, on the scale of the largest object. */
function Bar(props: {
  readonly rom: number;
  readonly ram: Ram;
  readonly most: number;
}): JSX.Element {
  const { rom, ram, most } = props;
  const parts = [
    ['b-rom', rom],
    ['b-anonymous', ram.private],
    ['b-page-cache', ram.cache],
  ] as const;
  return (
    <span class="costs-bar" aria-hidden="true">
      {parts.map(([kind, pages]) => (
        <i key={kind} class={kind} style={{ width: `${(100 * pages) / most}%` }} />
      ))}
    </span>
  );
}

function sum(ram: Ram | undefined): number {
  return ram === undefined ? 0 : ram.private + ram.cache;
}

/** Formats RAM like the command line: of the process + in the page cache. */
function ramText(ram: Ram | undefined): string {
  return ram === undefined ? '' : `${ram.private}+${ram.cache}`;
}
