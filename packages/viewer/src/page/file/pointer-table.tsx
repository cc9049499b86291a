import type { JSX } from 'preact';
import {
  BLOCK_KINDS,
  PAGE_STATES,
  type BlockTable,
  type PageTable,
} from '../../model/file-detail.js';
import { formatCount, formatHex } from '../shared/format.js';
import { VirtualRows } from '../shared/virtual-rows.js';
import { STRINGS } from '../strings/index.js';

const ROW_HEIGHT = 22;

/** All block pointers of a file. */
export function PointerTable(props: {
  readonly blocks: BlockTable;
  readonly pages: PageTable | undefined;
  readonly selected: number | undefined;
  readonly onSelect: (index: number) => void;
}): JSX.Element {
  const { blocks, pages, selected, onSelect } = props;
  const count = blocks.raw.length;
  const { columns } = STRINGS.file;
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = selected ?? 0;
    const to: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + 10,
      PageUp: at - 10,
      Home: 0,
      End: count - 1,
    };
    const next = to[event.key];
    if (next === undefined) return;
    event.preventDefault();
    onSelect(Math.min(count - 1, Math.max(0, next)));
  };
  return (
    <div class="panel pointer-box" style={{ height: `${Math.min(9, count) * ROW_HEIGHT + 32}px` }}>
      <VirtualRows
        role="rowgroup"
        box={{
          class: 'virtual pointer-table',
          role: 'grid',
          'aria-label': STRINGS.file.pointers,
          'aria-rowcount': count + 1,
          'aria-activedescendant': selected === undefined ? undefined : `pointer-${selected}`,
          tabIndex: 0,
          onKeyDown,
        }}
        count={count}
        height={ROW_HEIGHT}
        shown={selected}
        head={
          <div class="pointer-row rows-head" role="row" aria-rowindex={1}>
            {Object.values(columns).map((label) => (
              <span key={label} role="columnheader">
                {label}
              </span>
            ))}
          </div>
        }
        row={(index, style) => {
          const kind = BLOCK_KINDS[blocks.kinds[index]!]!;
          const state = pages && PAGE_STATES[pages.states[index]!];
          return (
            <div
              key={index}
              id={`pointer-${index}`}
              class={`pointer-row${index === selected ? ' selected' : ''}`}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={index === selected}
              style={style}
              onClick={() => {
                onSelect(index);
              }}
            >
              <span role="gridcell">{formatCount(index)}</span>
              <span role="gridcell" class="mono">
                {formatHex(blocks.raw[index]!, 8)}
              </span>
              <span role="gridcell" class={kind === 'unreadable' ? 'bad' : ''}>
                {STRINGS.file.kinds[kind]}
              </span>
              <span role="gridcell" class="mono">
                {formatHex(blocks.starts[index]!)}
              </span>
              <span role="gridcell">{formatCount(blocks.lengths[index]!)}</span>
              <span role="gridcell" class="page-cell">
                {state !== undefined && (
                  <>
                    <i class={`page-${state}`} aria-hidden="true" />
                    <span class="clip">{STRINGS.file.states[state]}</span>
                  </>
                )}
              </span>
            </div>
          );
        }}
      />
    </div>
  );
}
