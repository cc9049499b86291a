import type { JSX } from 'preact';
import { formatBytes } from '../shared/format.js';
import { STRINGS } from '../strings/index.js';

export function ZoomBar(props: {
  readonly rowBytes: number;
  readonly onStep: (step: number) => void;
  readonly onWhole: () => void;
}): JSX.Element {
  const { rowBytes, onStep, onWhole } = props;
  return (
    <div class="zoom-bar">
      <button
        class="button icon"
        type="button"
        aria-label={STRINGS.flash.zoomOut}
        title={STRINGS.flash.zoomOut}
        onClick={() => {
          onStep(1);
        }}
      >
        −
      </button>
      <button
        class="button icon"
        type="button"
        aria-label={STRINGS.flash.zoomIn}
        title={STRINGS.flash.zoomIn}
        onClick={() => {
          onStep(-1);
        }}
      >
        +
      </button>
      <button class="button" type="button" onClick={onWhole}>
        {STRINGS.flash.whole}
      </button>
      <span class="dim">{STRINGS.flash.perRow(formatBytes(rowBytes))}</span>
    </div>
  );
}
