import type { JSX } from 'preact';
import { formatMode, nameToText } from 'cramfs-format';
import type { TreeTable } from '../../model/tree-table.js';
import { formatBytes, formatCount } from '../shared/format.js';
import { VirtualRows } from '../shared/virtual-rows.js';
import { STRINGS } from '../strings/index.js';
import { pathOfEntry, type SortKey, type TreeOrder, type TreeRow } from './rows.js';

export interface TreeGridProps {
  readonly table: TreeTable;
  readonly rows: readonly TreeRow[];
  /** True if the rows are results of a search: they have whole paths. */
  readonly flat: boolean;
  readonly open: ReadonlySet<number>;
  readonly selected: number | undefined;
  readonly order: TreeOrder;
  readonly onOrder: (order: TreeOrder) => void;
  readonly onSelect: (number: number) => void;
  readonly onToggle: (number: number, open: boolean) => void;
  readonly onOpenFile: (number: number) => void;
}

const ROW_HEIGHT = 24;
const PAGE = 20;

const COLUMNS: readonly {
  readonly key: SortKey;
  readonly label: string;
  readonly hint?: string;
}[] = [
  { key: 'name', label: STRINGS.tree.name },
  { key: 'size', label: STRINGS.tree.size },
  { key: 'stored', label: STRINGS.tree.stored, hint: STRINGS.tree.storedHint },
  { key: 'pages', label: STRINGS.tree.pages },
  { key: 'in-place', label: STRINGS.tree.inPlace, hint: STRINGS.tree.inPlaceHint },
  { key: 'ram', label: STRINGS.tree.ram, hint: STRINGS.tree.ramHint },
];

/** The table: a tree whose rows have columns, with the keys of WAI-ARIA's treegrid. */
export function TreeGrid(props: TreeGridProps): JSX.Element {
  const { table, rows, flat, open, selected, order, onOrder, onSelect, onToggle, onOpenFile } =
    props;
  const at = rows.findIndex(({ number }) => number === selected);
  const isDirectory = (number: number): boolean => table.types[number] === 'directory';

  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[at];
    const go = (index: number): void => {
      const next = rows[Math.min(rows.length - 1, Math.max(0, index))];
      if (next !== undefined) onSelect(next.number);
    };
    switch (event.key) {
      case 'ArrowDown':
        go(at + 1);
        break;
      case 'ArrowUp':
        go(at - 1);
        break;
      case 'PageDown':
        go(at + PAGE);
        break;
      case 'PageUp':
        go(at - PAGE);
        break;
      case 'Home':
        go(0);
        break;
      case 'End':
        go(rows.length - 1);
        break;
      case 'ArrowRight':
        if (row === undefined || flat || !isDirectory(row.number)) return;
        if (open.has(row.number)) go(at + 1);
        else onToggle(row.number, true);
        break;
      case 'ArrowLeft':
        if (row === undefined || flat) return;
        if (isDirectory(row.number) && open.has(row.number)) onToggle(row.number, false);
        else if (row.number > 0) onSelect(table.parents[row.number]!);
        break;
      case 'Enter':
        if (row === undefined) return;
        if (isDirectory(row.number) && !flat) onToggle(row.number, !open.has(row.number));
        else onOpenFile(row.number);
        break;
      default:
        return;
    }
    event.preventDefault();
  };

  return (
    <div class="tree-box panel">
      <VirtualRows
        role="rowgroup"
        box={{
          class: 'virtual tree-grid',
          role: 'treegrid',
          'aria-label': STRINGS.tree.table,
          'aria-rowcount': rows.length + 1,
          'aria-activedescendant': at >= 0 ? `row-${at}` : undefined,
          tabIndex: 0,
          onKeyDown,
        }}
        count={rows.length}
        height={ROW_HEIGHT}
        shown={at}
        head={<Head order={order} onOrder={onOrder} />}
        row={(index, style) => (
          <Row
            key={rows[index]!.number}
            {...{ table, flat, style, index }}
            row={rows[index]!}
            isOpen={open.has(rows[index]!.number)}
            isSelected={index === at}
            onSelect={onSelect}
            onToggle={onToggle}
            onOpenFile={onOpenFile}
          />
        )}
      />
      {rows.length === 0 && <p class="empty">{STRINGS.tree.nothing}</p>}
    </div>
  );
}

function Head({ order, onOrder }: Pick<TreeGridProps, 'order' | 'onOrder'>): JSX.Element {
  return (
    <div class="tree-head rows-head" role="row" aria-rowindex={1}>
      {COLUMNS.map(({ key, label, hint }) => {
        const isSorted = order.key === key;
        // The first click on a column of numbers puts the largest first.
        const isDown = order.reverse === (key === 'name');
        const sort = isSorted ? (isDown ? 'descending' : 'ascending') : 'none';
        return (
          <span key={key} role="columnheader" aria-sort={sort} class={`c-${key}`}>
            <button
              type="button"
              title={hint}
              tabIndex={-1}
              onClick={() => {
                onOrder({ key, reverse: isSorted && !order.reverse });
              }}
            >
              {label}
              <span class="sort-mark" aria-hidden="true">
                {isSorted ? (isDown ? '▾' : '▴') : ''}
              </span>
            </button>
          </span>
        );
      })}
      <span role="columnheader" class="c-mode">
        {STRINGS.tree.mode}
      </span>
      <span role="columnheader" class="c-owner">
        {STRINGS.tree.owner}
      </span>
    </div>
  );
}

interface RowProps extends Pick<
  TreeGridProps,
  'table' | 'flat' | 'onSelect' | 'onToggle' | 'onOpenFile'
> {
  readonly row: TreeRow;
  readonly index: number;
  readonly style: { readonly top: string };
  readonly isOpen: boolean;
  readonly isSelected: boolean;
}

function Row(props: RowProps): JSX.Element {
  const { table, row, index, flat, style, isOpen, isSelected } = props;
  const { onSelect, onToggle, onOpenFile } = props;
  const { number, level } = row;
  const isDirectory = table.types[number] === 'directory';
  const name = flat || number === 0 ? pathOfEntry(table, number) : table.names[number]!;
  const target = table.targets[number];
  const text = nameToText(name) + (target === undefined ? '' : ` → ${nameToText(target)}`);
  const pages = table.pages[number]!;
  const inPlace = table.inPlace[number]!;
  return (
    <div
      id={`row-${index}`}
      class={`tree-row${isSelected ? ' selected' : ''}`}
      role="row"
      aria-rowindex={index + 2}
      aria-level={level + 1}
      aria-selected={isSelected}
      aria-expanded={isDirectory && !flat ? isOpen : undefined}
      style={style}
      onClick={() => {
        onSelect(number);
      }}
      onDblClick={() => {
        if (isDirectory && !flat) onToggle(number, !isOpen);
        else onOpenFile(number);
      }}
    >
      <span
        role="gridcell"
        class="c-name"
        title={table.shared[number] === true ? `${text}: ${STRINGS.tree.shared}` : text}
        style={{ paddingLeft: `${level * 16}px` }}
      >
        <span
          class={isDirectory && !flat ? 'twist' : 'twist none'}
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation();
            onToggle(number, !isOpen);
          }}
        >
          {isOpen ? '▾' : '▸'}
        </span>
        <span class={`clip type-${table.types[number] ?? 'unknown'}`}>{text}</span>
      </span>
      <span role="gridcell" class="c-size">
        {formatBytes(table.sizes[number]!)}
      </span>
      <span role="gridcell" class={table.shared[number] === true ? 'c-stored dim' : 'c-stored'}>
        {formatBytes(table.stored[number]!)}
      </span>
      <span role="gridcell" class="c-pages">
        {pages === 0 ? '' : formatCount(pages)}
      </span>
      <span role="gridcell" class="c-in-place">
        {pages > 0 && (
          <>
            <span class="share" aria-hidden="true">
              <i style={{ width: `${(100 * inPlace) / pages}%` }} />
            </span>
            <span class="count">{formatCount(inPlace)}</span>
          </>
        )}
      </span>
      <span role="gridcell" class="c-ram">
        {pages === 0 ? '' : formatCount(table.ram[number]!)}
      </span>
      <span role="gridcell" class="c-mode mono">
        {formatMode(table.modes[number]!)}
      </span>
      <span role="gridcell" class="c-owner mono">
        {table.uids[number]}:{table.gids[number]}
      </span>
    </div>
  );
}
