import type { JSX } from 'preact';
import type { ShownDifference } from '../../model/compare.js';
import { formatBytes, formatCount } from '../shared/format.js';
import { VirtualRows } from '../shared/virtual-rows.js';
import { STRINGS } from '../strings/index.js';

const ROW_HEIGHT = 24;
const PAGE = 20;

export interface DifferenceTableProps {
  readonly differences: readonly ShownDifference[];
  /** True if the images are equal, byte for byte. */
  readonly isSame: boolean;
  /** Path of the selected entry, a byte string. */
  readonly selected: string | undefined;
  readonly onSelect: (path: string) => void;
  readonly linkTo: (path: string, wasRemoved: boolean) => string;
}

/** The entries that differ. The selected one is marked in the flash of both images. */
export function DifferenceTable(props: DifferenceTableProps): JSX.Element {
  const { differences, isSame, selected, onSelect, linkTo } = props;
  const at = differences.findIndex(({ path }) => path === selected);
  const { columns } = STRINGS.compare;
  const countOf = (kind: ShownDifference['kind']): string =>
    formatCount(differences.filter((each) => each.kind === kind).length);
  const onKeyDown = (event: KeyboardEvent): void => {
    const to: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + PAGE,
      PageUp: at - PAGE,
      Home: 0,
      End: differences.length - 1,
    };
    const next = to[event.key];
    if (next === undefined) {
      const own = differences[at];
      if (event.key !== 'Enter' || own === undefined) return;
      location.hash = linkTo(own.path, own.kind === 'removed');
      return;
    }
    event.preventDefault();
    const found = differences[Math.min(differences.length - 1, Math.max(0, next))];
    if (found !== undefined) onSelect(found.path);
  };
  return (
    <section class="panel differences">
      <h2>
        {STRINGS.compare.differences}
        <span class="counts dim">
          {STRINGS.compare.summary(countOf('added'), countOf('removed'), countOf('changed'))}
        </span>
      </h2>
      {differences.length === 0 ? (
        <p class="empty">{isSame ? STRINGS.compare.identical : STRINGS.compare.none}</p>
      ) : (
        <VirtualRows
          role="rowgroup"
          count={differences.length}
          height={ROW_HEIGHT}
          shown={at}
          box={{
            class: 'virtual',
            role: 'grid',
            'aria-label': STRINGS.compare.differences,
            'aria-rowcount': differences.length + 1,
            'aria-activedescendant': at >= 0 ? `difference-${at}` : undefined,
            tabIndex: 0,
            onKeyDown,
          }}
          head={
            <div class="difference-row rows-head" role="row" aria-rowindex={1}>
              <span role="columnheader">{columns.path}</span>
              <span role="columnheader">{columns.what}</span>
              <span role="columnheader" class="num">
                {columns.size}
              </span>
              <span role="columnheader" class="num">
                {columns.stored}
              </span>
              <span role="columnheader" class="num">
                {columns.inPlace}
              </span>
            </div>
          }
          row={(index, style) => (
            <Row
              key={index}
              {...{ index, style, onSelect, linkTo }}
              difference={differences[index]!}
              isSelected={index === at}
            />
          )}
        />
      )}
    </section>
  );
}

function Row(
  props: Pick<DifferenceTableProps, 'onSelect' | 'linkTo'> & {
    readonly difference: ShownDifference;
    readonly index: number;
    readonly isSelected: boolean;
    readonly style: { readonly top: string };
  },
): JSX.Element {
  const { difference, index, isSelected, style, onSelect, linkTo } = props;
  const { path, text, kind, what, before, after } = difference;
  const words = what.map((each) => STRINGS.compare.what[each]).join(', ');
  return (
    <div
      id={`difference-${index}`}
      class={`difference-row${isSelected ? ' selected' : ''}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      style={style}
      onClick={() => {
        onSelect(path);
      }}
    >
      <span role="gridcell" class="mono clip" title={text}>
        <a href={linkTo(path, kind === 'removed')} tabIndex={-1}>
          {text}
        </a>
      </span>
      <span role="gridcell" class={`clip kind-${kind}`} title={words}>
        {kind === 'changed' ? words : STRINGS.compare.kinds[kind]}
      </span>
      <span role="gridcell" class="num nowrap">
        {change(before?.size, after?.size, formatBytes)}
      </span>
      <span role="gridcell" class="num nowrap">
        {change(before?.stored, after?.stored, formatBytes)}
      </span>
      <span role="gridcell" class="num nowrap">
        {change(before?.inPlace, after?.inPlace, formatCount)}
      </span>
    </div>
  );
}

/** Returns `4 KiB → 8 KiB`, or one number if both are equal or only one exists. */
function change(
  before: number | undefined,
  after: number | undefined,
  format: (value: number) => string,
): string {
  if (before === undefined || after === undefined || before === after) {
    return format(after ?? before ?? 0);
  }
  return `${format(before)} → ${format(after)}`;
}
