import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { nameToText } from 'cramfs-format';
import type { TreeTable } from '../../model/tree-table.js';
import { formatBytes, formatShare } from '../shared/format.js';
import { themeColours } from '../shared/colours.js';
import { useSize } from '../shared/use-size.js';
import { STRINGS } from '../strings/index.js';
import { onThemeChange } from '../theme.js';
import { pathOfEntry } from './rows.js';
import { cellAt, treemapCells, type Cell } from './treemap-cells.js';

const COLOURS = [
  '--k-in-place',
  '--k-compressed',
  '--k-directory',
  '--sunk',
  '--ink',
  '--ink-2',
  '--line-strong',
  '--accent-ink',
] as const;
type Colours = Record<(typeof COLOURS)[number], string>;

export interface TreemapProps {
  readonly table: TreeTable;
  readonly childNumbers: ReadonlyMap<number, readonly number[]>;
  readonly selected: number;
  readonly blockSize: number;
  readonly onSelect: (number: number) => void;
  readonly onOpenFile: (number: number) => void;
}

/**
 * The use of the flash by directory. The table beside it says the same to those who cannot see it.
 */
export function Treemap(props: TreemapProps): JSX.Element {
  const { table, childNumbers, selected, onSelect, onOpenFile } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = useSize(box);
  const [colours, setColours] = useState<Colours | undefined>();
  const [over, setOver] = useState<Cell | undefined>();
  const top = table.types[selected] === 'directory' ? selected : (table.parents[selected] ?? 0);
  const cells = useMemo(
    () => treemapCells(table, childNumbers, top, width, height),
    [table, childNumbers, top, width, height],
  );
  useEffect(() => {
    const read = (): void => {
      if (box.current !== null) setColours(themeColours(box.current, COLOURS));
    };
    read();
    return onThemeChange(read);
  }, []);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (canvas.current === null || context == null || colours === undefined) return;
    const ratio = devicePixelRatio;
    canvas.current.width = Math.round(width * ratio);
    canvas.current.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw(context, table, cells, colours, over?.number ?? selected);
  });
  const cellOf = (event: MouseEvent): Cell | undefined => {
    const { left, top: y } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return cellAt(cells, event.clientX - left, event.clientY - y);
  };
  const named = over?.number ?? selected;
  const whole = table.stored[0]!;
  return (
    <section class="treemap panel" aria-label={STRINGS.tree.treemap}>
      <h2 title={STRINGS.tree.treemapHint}>
        {STRINGS.tree.treemap}
        {top > 0 && (
          <button
            class="button small"
            type="button"
            onClick={() => {
              onSelect(table.parents[top]!);
            }}
          >
            {STRINGS.tree.up}
          </button>
        )}
      </h2>
      <p class="treemap-name">
        <span class="mono clip">{nameToText(pathOfEntry(table, named))}</span>
        <span class="nowrap">
          {formatBytes(table.stored[named]!)}{' '}
          <span class="dim">({formatShare(table.stored[named]!, whole)})</span>
        </span>
      </p>
      <div
        ref={box}
        class="treemap-box"
        onPointerMove={(event) => {
          setOver(cellOf(event));
        }}
        onPointerLeave={() => {
          setOver(undefined);
        }}
        onClick={(event) => {
          const cell = cellOf(event);
          if (cell !== undefined) onSelect(cell.number);
        }}
        onDblClick={(event) => {
          const cell = cellOf(event);
          if (cell !== undefined && !cell.isOpen) onOpenFile(cell.number);
        }}
      >
        <canvas ref={canvas} role="img" aria-label={STRINGS.tree.treemapHint} />
      </div>
    </section>
  );
}

function draw(
  context: CanvasRenderingContext2D,
  table: TreeTable,
  cells: readonly Cell[],
  colours: Colours,
  marked: number,
): void {
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.font = `11px ${getComputedStyle(context.canvas).fontFamily}`;
  context.textBaseline = 'middle';
  for (const cell of cells) {
    const { number, x, y, width, height, isOpen } = cell;
    if (isOpen) {
      context.fillStyle = colours['--sunk'];
      context.fillRect(x, y, width, height);
      context.strokeStyle = colours['--line-strong'];
      context.lineWidth = 1;
      context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
      if (height > 34) label(context, table, cell, y + 9, colours['--ink-2']);
      continue;
    }
    const pages = table.pages[number]!;
    const share = pages === 0 ? 0 : table.inPlace[number]! / pages;
    context.fillStyle =
      table.types[number] === 'directory' && pages === 0
        ? colours['--k-directory']
        : colours['--k-compressed'];
    context.fillRect(x, y, width, height);
    context.fillStyle = colours['--k-in-place'];
    context.fillRect(x, y, Math.round(width * share), height);
    if (height > 15) {
      label(context, table, cell, y + 9, colours[share > 0.5 ? '--accent-ink' : '--ink']);
    }
  }
  const own = cells.find(({ number }) => number === marked);
  if (own === undefined) return;
  context.strokeStyle = colours['--ink'];
  context.lineWidth = 2;
  context.strokeRect(own.x + 1, own.y + 1, own.width - 2, own.height - 2);
}

function label(
  context: CanvasRenderingContext2D,
  table: TreeTable,
  { number, x, width }: Cell,
  y: number,
  colour: string,
): void {
  const text = number === 0 ? '/' : nameToText(table.names[number]!);
  if (context.measureText(text).width > width - 8) return;
  context.fillStyle = colour;
  context.fillText(text, x + 4, y);
}
