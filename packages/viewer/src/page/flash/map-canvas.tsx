import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ShownFinding } from '../../model/findings.js';
import { rangeAt, rangeEnd, type FlashMap } from '../../model/flash-map.js';
import { useSize } from '../shared/use-size.js';
import { STRINGS } from '../strings/index.js';
import { onThemeChange } from '../theme.js';
import { drawMap, type Palette } from './draw.js';
import {
  clamped,
  offsetAt,
  rowHeight,
  showing,
  wholeImage,
  zoomed,
  type Frame,
  type Viewport,
} from './geometry.js';
import { Overview } from './overview.js';
import { readPalette } from './palette.js';
import { usePointers, useWheel } from './pointers.js';
import { ZoomBar } from './zoom-bar.js';

export interface MapCanvasProps {
  readonly map: FlashMap;
  readonly findings: readonly ShownFinding[];
  readonly dimmed: readonly boolean[];
  readonly eraseBlock: number | undefined;
  readonly partition: number | undefined;
  /** The byte at the cursor. */
  readonly cursor: number | undefined;
  /** Bytes in a row; undefined shows the whole image. */
  readonly rowBytes: number | undefined;
  /** Called with the byte under the pointer, or undefined if there is none. */
  readonly onPoint: (offset: number | undefined) => void;
  readonly onCursor: (offset: number) => void;
  readonly onZoom: (rowBytes: number | undefined) => void;
  /** Opens the entry at the cursor. */
  readonly onOpen: () => void;
}

const GUTTER = 78;

/** The picture of the image, with its pointer and keyboard control. */
export function MapCanvas(props: MapCanvasProps): JSX.Element {
  const { map, cursor, partition, onPoint, onCursor, onZoom, onOpen } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = useSize(box);
  const [palette, setPalette] = useState<Palette | undefined>();
  const [pointed, setPointed] = useState<number | undefined>();
  const frame: Frame = {
    width,
    height,
    left: width < 520 ? 0 : GUTTER,
    right: 1,
    end: Math.max(map.end, partition ?? 0),
    blockSize: map.blockSize,
  };
  const [wanted, setWanted] = useState<Viewport>({ rowBytes: props.rowBytes ?? Infinity, top: 0 });
  const viewport = clamped(wanted, frame);

  useEffect(() => {
    const read = (): void => {
      if (box.current !== null) setPalette(readPalette(box.current));
    };
    read();
    return onThemeChange(read);
  }, []);

  // If the cursor moves elsewhere, for instance to a finding, show it.
  useEffect(() => {
    if (cursor !== undefined && height > 0)
      setWanted((now) => showing(clamped(now, frame), frame, cursor));
  }, [cursor, height > 0]);

  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (canvas.current === null || context == null || palette === undefined || width === 0) return;
    const ratio = devicePixelRatio;
    canvas.current.width = Math.round(width * ratio);
    canvas.current.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawMap(context, { ...props, viewport, frame, palette, marked: pointed ?? cursor });
  });

  const move = (next: Viewport): void => {
    const known = clamped(next, frame);
    setWanted(known);
    if (known.rowBytes !== viewport.rowBytes) {
      onZoom(known.rowBytes === wholeImage(frame).rowBytes ? undefined : known.rowBytes);
    }
  };
  const pointers = usePointers({
    move,
    viewport,
    frame,
    onPoint: (offset) => {
      setPointed(offset);
      onPoint(offset);
    },
    onCursor,
    onOpen,
  });
  useWheel(canvas, (delta, x, y) => {
    const offset = offsetAt(viewport, frame, Math.max(x, frame.left), y) ?? map.end - 1;
    move(zoomed(viewport, frame, delta, offset));
  });

  const onKeyDown = (event: KeyboardEvent): void => {
    const at = cursor ?? 0;
    const range = rangeAt(map, at);
    const page =
      Math.max(1, Math.floor(height / rowHeight(viewport, frame)) - 1) * viewport.rowBytes;
    const to: Readonly<Record<string, () => number>> = {
      ArrowRight: () => rangeEnd(map, range),
      ArrowLeft: () => map.starts[Math.max(0, range - 1)]!,
      ArrowDown: () => at + viewport.rowBytes,
      ArrowUp: () => at - viewport.rowBytes,
      PageDown: () => at + page,
      PageUp: () => at - page,
      Home: () => 0,
      End: () => map.end - 1,
    };
    const steps: Readonly<Record<string, number>> = { '+': -1, '=': -1, '-': 1 };
    const target = to[event.key];
    const step = steps[event.key];
    if (target !== undefined) {
      setPointed(undefined);
      onCursor(Math.min(map.end - 1, Math.max(0, target())));
    } else if (step !== undefined) {
      move(zoomed(viewport, frame, step, at));
    } else if (event.key === '0') {
      move(wholeImage(frame));
    } else if (event.key === 'Enter') {
      onOpen();
    } else return;
    event.preventDefault();
  };

  return (
    <div class="flash-map">
      <div
        id="flash-canvas"
        class="flash-box"
        ref={box}
        tabIndex={0}
        role="application"
        aria-label={STRINGS.flash.map}
        aria-describedby="flash-hint"
        onKeyDown={onKeyDown}
        {...pointers}
      >
        <canvas ref={canvas} />
        <span id="flash-hint" class="hidden">
          {STRINGS.flash.mapHint}
        </span>
      </div>
      {palette !== undefined && (
        <Overview
          {...{ map, palette, viewport, frame }}
          onTop={(top) => {
            move({ ...viewport, top });
          }}
        />
      )}
      <ZoomBar
        rowBytes={viewport.rowBytes}
        onStep={(step) => {
          move(zoomed(viewport, frame, step, cursor ?? viewport.top * viewport.rowBytes));
        }}
        onWhole={() => {
          move(wholeImage(frame));
        }}
      />
    </div>
  );
}
