import type { ComponentChildren, HTMLAttributes, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** Rows above and below the visible ones, so that scrolling shows no gaps. */
const MARGIN = 8;
/** Pixels of a `rows-head`, as in virtual-rows.css. */
const HEAD_HEIGHT = 28;

export interface VirtualRowsProps {
  readonly count: number;
  /** Height of each row in pixels. */
  readonly height: number;
  /** A row that must be visible: scrolled to when it changes. */
  readonly shown?: number | undefined;
  /** Attributes of the element that scrolls: its role, its name, its keys. */
  readonly box?: HTMLAttributes<HTMLDivElement>;
  /** Stays at the top: a row of the class `rows-head`. */
  readonly head?: ComponentChildren;
  /** The role of the rows together: a group of rows in a grid, elsewhere none. */
  readonly role?: 'rowgroup' | 'presentation';
  readonly row: (index: number, style: { readonly top: string }) => JSX.Element;
}

/** A scrolled list of rows of equal height. Only the visible ones exist. */
export function VirtualRows(props: VirtualRowsProps): JSX.Element {
  const { count, height, shown, head, role = 'presentation', row } = props;
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ top: 0, height: 800 });
  const measure = (): void => {
    const { current } = box;
    if (current === null) return;
    setSeen({ top: current.scrollTop, height: current.clientHeight });
  };
  useEffect(() => {
    measure();
    const observer = new ResizeObserver(measure);
    if (box.current !== null) observer.observe(box.current);
    return () => {
      observer.disconnect();
    };
  }, []);
  useEffect(() => {
    const { current } = box;
    if (current === null || shown === undefined || shown < 0) return;
    const top = shown * height;
    const room = current.clientHeight - (head === undefined ? 0 : HEAD_HEIGHT);
    if (top < current.scrollTop) current.scrollTop = top;
    else if (top + height > current.scrollTop + room) current.scrollTop = top + height - room;
  }, [shown, height]);

  const first = Math.max(0, Math.floor(seen.top / height) - MARGIN);
  const last = Math.min(count, Math.ceil((seen.top + seen.height) / height) + MARGIN);
  const rows: JSX.Element[] = [];
  for (let index = first; index < last; index += 1) {
    rows.push(row(index, { top: `${index * height}px` }));
  }
  return (
    <div {...props.box} ref={box} onScroll={measure}>
      {head}
      <div class="virtual-rows" role={role} style={{ height: `${count * height}px` }}>
        {rows}
      </div>
    </div>
  );
}
