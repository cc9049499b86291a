import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { FlashMap } from '../../model/flash-map.js';
import { STRINGS } from '../strings/index.js';
import type { Palette } from './draw.js';
import { drawStrip } from './draw-strip.js';
import { rowCount, rowHeight, type Frame, type Viewport } from './geometry.js';

const WIDTH = 14;

/** The whole image as a strip that marks the part on the map, and scrolls it. */
export function Overview(props: {
  readonly map: FlashMap;
  readonly palette: Palette;
  readonly viewport: Viewport;
  readonly frame: Frame;
  readonly onTop: (top: number) => void;
}): JSX.Element {
  const { map, palette, viewport, frame, onTop } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const rows = rowCount(viewport, frame);
  const shown = Math.min(rows, frame.height / rowHeight(viewport, frame));
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (canvas.current === null || context == null || frame.height === 0) return;
    canvas.current.width = WIDTH;
    canvas.current.height = frame.height;
    drawStrip(context, map, palette, frame);
  }, [map, palette, frame.height, frame.end]);

  const go = (event: PointerEvent): void => {
    if (event.buttons === 0) return;
    const { top, height } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    onTop(((event.clientY - top) / height) * rows - shown / 2);
  };
  return (
    <div
      class="overview"
      role="scrollbar"
      aria-label={STRINGS.flash.overview}
      aria-orientation="vertical"
      aria-controls="flash-canvas"
      aria-valuemin={0}
      aria-valuemax={Math.max(0, Math.ceil(rows - shown))}
      aria-valuenow={Math.round(viewport.top)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={go}
    >
      <canvas ref={canvas} />
      <div
        class="overview-window"
        style={{ top: `${(100 * viewport.top) / rows}%`, height: `${(100 * shown) / rows}%` }}
      />
    </div>
  );
}
