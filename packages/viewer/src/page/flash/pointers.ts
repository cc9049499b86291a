import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { offsetAt, rowHeight, zoomed, type Frame, type Viewport } from './geometry.js';

interface PointersOptions {
  readonly viewport: Viewport;
  readonly frame: Frame;
  readonly move: (next: Viewport) => void;
  readonly onPoint: (offset: number | undefined) => void;
  readonly onCursor: (offset: number) => void;
  readonly onOpen: () => void;
}

/** The state of a pointer that is down. */
interface Held {
  x: number;
  y: number;
  readonly startY: number;
  readonly startX: number;
  /** No other pointer was down at the same time. */
  alone: boolean;
}

/** Pixels that a pointer may move between press and release and still click. */
const CLICK_SLOP = 4;
/** How far two fingers spread for one step of zoom, as a fraction of their distance. */
const PINCH_STEP = 1.5;

/** Mouse, pen and fingers: one drags, two zoom. */
export function usePointers(options: PointersOptions) {
  const { viewport, frame, move, onPoint, onCursor, onOpen } = options;
  const held = useRef(new Map<number, Held>());
  const pinch = useRef(0);
  const place = (event: PointerEvent | MouseEvent): readonly [number, number] => {
    const { left, top } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };

  return {
    onPointerDown(event: PointerEvent): void {
      const [x, y] = place(event);
      for (const other of held.current.values()) other.alone = false;
      const alone = held.current.size === 0;
      held.current.set(event.pointerId, { x, y, startX: x, startY: y, alone });
      pinch.current = 0;
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    },
    onPointerMove(event: PointerEvent): void {
      const [x, y] = place(event);
      const own = held.current.get(event.pointerId);
      if (own === undefined) {
        onPoint(offsetAt(viewport, frame, x, y));
        return;
      }
      const other = [...held.current.values()].find((each) => each !== own);
      if (other !== undefined) {
        const before = Math.hypot(own.x - other.x, own.y - other.y);
        const after = Math.hypot(x - other.x, y - other.y);
        pinch.current += Math.log(before / Math.max(1, after)) / Math.log(PINCH_STEP);
        const steps = Math.trunc(pinch.current);
        pinch.current -= steps;
        const offset = offsetAt(viewport, frame, (x + other.x) / 2, (y + other.y) / 2);
        if (steps !== 0 && offset !== undefined) move(zoomed(viewport, frame, steps, offset));
      } else if (y !== own.y) {
        move({ ...viewport, top: viewport.top - (y - own.y) / rowHeight(viewport, frame) });
      }
      own.x = x;
      own.y = y;
    },
    onPointerUp(event: PointerEvent): void {
      const own = held.current.get(event.pointerId);
      held.current.delete(event.pointerId);
      if (own?.alone !== true) return;
      if (Math.hypot(own.x - own.startX, own.y - own.startY) > CLICK_SLOP) return;
      const offset = offsetAt(viewport, frame, own.x, own.y);
      if (offset !== undefined) onCursor(offset);
    },
    onPointerCancel(event: PointerEvent): void {
      held.current.delete(event.pointerId);
    },
    onPointerLeave(): void {
      onPoint(undefined);
    },
    onDblClick: onOpen,
  };
}

/**
 * Calls back for each step of the wheel: -1 in, 1 out. Preact's own listeners could not prevent the page from
 * scrolling.
 */
export function useWheel(
  element: RefObject<HTMLElement | null>,
  onStep: (steps: number, x: number, y: number) => void,
): void {
  const latest = useRef(onStep);
  latest.current = onStep;
  useEffect(() => {
    const { current } = element;
    if (current === null) return;
    let turned = 0;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      // Firefox may count in lines.
      turned += event.deltaY * (event.deltaMode === 0 ? 1 : 20) * (event.ctrlKey ? 4 : 1);
      const steps = Math.trunc(turned / WHEEL_STEP);
      if (steps === 0) return;
      turned -= steps * WHEEL_STEP;
      const { left, top } = current.getBoundingClientRect();
      latest.current(steps, event.clientX - left, event.clientY - top);
    };
    current.addEventListener('wheel', wheel, { passive: false });
    return () => {
      current.removeEventListener('wheel', wheel);
    };
  }, [element]);
}

/** Pixels of a wheel that are one step of zoom. */
const WHEEL_STEP = 60;
