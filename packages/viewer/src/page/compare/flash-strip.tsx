import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { COMPARED_BLOCK } from '../../model/compare.js';
import type { FlashMap } from '../../model/flash-map.js';
import type { Kernel } from '../../model/kernel.js';
import type { Ask } from '../ask.js';
import { drawMap, type Palette } from '../flash/draw.js';
import { readPalette } from '../flash/palette.js';
import { ROW_GAP } from '../flash/geometry.js';
import { useSize } from '../shared/use-size.js';
import { STRINGS } from '../strings/index.js';
import { onThemeChange } from '../theme.js';
import { useAnswer } from '../use-answer.js';

const BAR = 30;
const CHANGES = 8;

/** One image as a bar, and below it the bytes that differ. A file in it can be marked. */
export function FlashStrip(props: {
  readonly ask: Ask;
  readonly image: number;
  readonly kernel: Kernel;
  readonly label: string;
  readonly title: string;
  readonly path: string | undefined;
  readonly changed: Uint8Array | undefined;
  /** The bytes that the full width shows. */
  readonly end: number;
  readonly children?: ComponentChildren;
}): JSX.Element {
  const { ask, image, kernel, label, title, path, changed, end, children } = props;
  const { value: map } = useAnswer(ask, 'flash-map', { image, kernel });
  const { value: places, stale } = useAnswer(
    ask,
    'places',
    path === undefined ? undefined : { image, path },
  );
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width } = useSize(box);
  const [palette, setPalette] = useState<Palette | undefined>();
  useEffect(() => {
    const read = (): void => {
      if (box.current !== null) setPalette(readPalette(box.current));
    };
    read();
    return onThemeChange(read);
  }, []);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (canvas.current === null || context == null || map === undefined) return;
    if (palette === undefined || width === 0) return;
    const ratio = devicePixelRatio;
    canvas.current.width = Math.round(width * ratio);
    canvas.current.height = Math.round((BAR + CHANGES + 2) * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawStrip(context, map, palette, width, end);
    if (changed !== undefined) drawChanges(context, changed, palette, width, end);
    if (!stale && places !== undefined) drawPlaces(context, places, palette, width, end);
  });
  return (
    <div class="flash-strip">
      <p>
        <strong>{label}</strong> {children === false ? title : (children ?? title)}
      </p>
      <div ref={box} class="flash-strip-box">
        <canvas ref={canvas} role="img" aria-label={STRINGS.compare.picture(title)} />
      </div>
    </div>
  );
}

function drawStrip(
  context: CanvasRenderingContext2D,
  map: FlashMap,
  palette: Palette,
  width: number,
  end: number,
): void {
  drawMap(context, {
    map,
    palette,
    viewport: { rowBytes: end, top: 0 },
    frame: { width, height: BAR + ROW_GAP, left: 0, right: 0, end, blockSize: end },
    dimmed: [],
    findings: [],
    eraseBlock: undefined,
    partition: undefined,
    marked: undefined,
  });
}

function drawChanges(
  context: CanvasRenderingContext2D,
  changed: Uint8Array,
  { bad }: Palette,
  width: number,
  end: number,
): void {
  context.fillStyle = bad;
  changed.forEach((each, block) => {
    if (each === 0) return;
    const x = (block * COMPARED_BLOCK * width) / end;
    context.fillRect(x, BAR + 2, Math.max(1, (COMPARED_BLOCK * width) / end), CHANGES);
  });
}

function drawPlaces(
  context: CanvasRenderingContext2D,
  places: readonly number[],
  { ink }: Palette,
  width: number,
  end: number,
): void {
  context.strokeStyle = ink;
  context.lineWidth = 2;
  for (let at = 0; at + 1 < places.length; at += 2) {
    const x = (places[at]! * width) / end;
    const stop = (places[at + 1]! * width) / end;
    context.strokeRect(x, 1, Math.max(2, stop - x), BAR - 2);
  }
}
