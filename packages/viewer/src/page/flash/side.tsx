import type { JSX } from 'preact';
import type { FlashDetail } from '../../model/flash-detail.js';
import { FLASH_KINDS, type FlashMap } from '../../model/flash-map.js';
import type { ShownCheck } from '../../model/findings.js';
import { NumberField } from '../shared/field.js';
import { formatBytes, formatCount, formatHex, formatShare } from '../shared/format.js';
import { Pair } from '../shared/pair.js';
import { STRINGS } from '../strings/index.js';

/** Details of the byte under the pointer. */
export function Here({
  detail,
  physAddr,
  fileLink,
}: {
  readonly detail: FlashDetail | undefined;
  readonly physAddr: number;
  readonly fileLink: (path: string, block: number | undefined) => string;
}): JSX.Element {
  return (
    <section class="panel here" aria-live="polite">
      <h2>{STRINGS.flash.here}</h2>
      {detail === undefined ? (
        <p class="here-empty dim">{STRINGS.flash.nothingHere}</p>
      ) : (
        <>
          <p class="here-kind">
            <span class={`swatch k-${detail.kind}`} />
            <strong>{STRINGS.flash.kinds[detail.kind]}</strong>
          </p>
          <p class="here-about dim">{STRINGS.flash.about[detail.kind]}</p>
          <dl class="pairs">
            <Pair name={STRINGS.flash.offset}>
              <span class="mono">{formatHex(detail.offset)}</span>
            </Pair>
            <Pair name={STRINGS.flash.range}>
              <span class="mono">
                {formatHex(detail.start)}–{formatHex(detail.end)}
              </span>
            </Pair>
            <Pair name={STRINGS.flash.length}>
              {formatCount(detail.end - detail.start)} {STRINGS.shell.bytes}
            </Pair>
            <Pair name={STRINGS.flash.pages}>
              <span class="mono">{formatHex(physAddr + detail.start)}</span>
            </Pair>
            {detail.path !== undefined && (
              <Pair name={STRINGS.flash.file}>
                <a
                  class="mono wrap"
                  href={fileLink(detail.path, detail.block?.index)}
                  title={detail.pathText}
                >
                  {detail.pathText}
                </a>
              </Pair>
            )}
            {detail.block !== undefined && (
              <>
                <Pair name={STRINGS.flash.block}>
                  {STRINGS.flash.blockOf(
                    formatCount(detail.block.index),
                    formatCount(detail.block.count),
                  )}
                </Pair>
                <Pair name={STRINGS.flash.pointer}>
                  <span class="mono">
                    {STRINGS.flash.pointerAt(
                      formatHex(detail.block.raw, 8),
                      formatHex(detail.block.pointerOffset),
                    )}
                  </span>
                  <br />
                  <span class="dim">{STRINGS.flash.pointerKinds[detail.block.pointer]}</span>
                </Pair>
              </>
            )}
          </dl>
        </>
      )}
    </section>
  );
}

/** The kinds with their sizes. Each can be dimmed. */
export function Legend(props: {
  readonly map: FlashMap;
  readonly dimmed: readonly boolean[];
  readonly onToggle: (kind: number) => void;
}): JSX.Element {
  const { map, dimmed, onToggle } = props;
  return (
    <section class="panel">
      <h2 title={STRINGS.flash.legendHint}>{STRINGS.flash.legend}</h2>
      <ul class="legend">
        {FLASH_KINDS.map((kind, number) => {
          const bytes = map.totals[number]!;
          if (bytes === 0) return null;
          return (
            <li key={kind}>
              <label title={STRINGS.flash.about[kind]}>
                <input
                  type="checkbox"
                  checked={dimmed[number] !== true}
                  onChange={() => {
                    onToggle(number);
                  }}
                />
                <span class={`swatch k-${kind}`} />
                <span class="legend-name">{STRINGS.flash.kinds[kind]}</span>
                <span class="num">{formatBytes(bytes)}</span>
                <span class="num dim legend-share">{formatShare(bytes, map.end)}</span>
              </label>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** The flash around the image: its partition and erase blocks. */
export function FlashFields(props: {
  readonly size: number;
  readonly eraseBlock: number | undefined;
  readonly partition: number | undefined;
  readonly onEraseBlock: (bytes: number | undefined) => void;
  readonly onPartition: (bytes: number | undefined) => void;
}): JSX.Element {
  const { size, eraseBlock, partition, onEraseBlock, onPartition } = props;
  const free = partition === undefined ? 0 : partition - size;
  return (
    <section class="panel">
      <h2>{STRINGS.flash.flashPart}</h2>
      <div class="flash-fields">
        <NumberField
          label={STRINGS.flash.eraseBlock}
          hint={STRINGS.flash.sizeHint}
          value={eraseBlock}
          format={shortSize}
          min={256}
          onValue={onEraseBlock}
        />
        <NumberField
          label={STRINGS.flash.partition}
          hint={STRINGS.flash.sizeHint}
          value={partition}
          format={shortSize}
          min={256}
          max={2 ** 31}
          onValue={onPartition}
        />
        {eraseBlock !== undefined && (
          <p>{STRINGS.flash.eraseBlocks(formatCount(Math.ceil(size / eraseBlock)))}</p>
        )}
        {partition !== undefined && (
          <p class={free < 0 ? 'bad' : ''}>
            {free < 0
              ? STRINGS.flash.tooLarge(formatBytes(-free))
              : `${STRINGS.flash.fits(formatBytes(size), formatShare(size, partition))}, ${STRINGS.flash.free(formatBytes(free))}`}
          </p>
        )}
      </div>
    </section>
  );
}

function shortSize(bytes: number): string {
  if (bytes % 2 ** 20 === 0) return `${bytes / 2 ** 20}M`;
  return bytes % 1024 === 0 ? `${bytes / 1024}K` : String(bytes);
}

/** The findings of the check. Choosing one goes there. */
export function Findings(props: {
  readonly check: ShownCheck | undefined;
  readonly onOffset: (offset: number) => void;
}): JSX.Element {
  const { check, onOffset } = props;
  return (
    <section class="panel">
      <h2>
        {STRINGS.flash.findings}
        {check !== undefined && check.findings.length > 0 && <Counts check={check} />}
      </h2>
      {check === undefined && <p class="here-empty dim">{STRINGS.flash.checking}</p>}
      {check?.findings.length === 0 && <p class="here-empty good">{STRINGS.flash.noFindings}</p>}
      <ul class="findings">
        {check?.findings.map(({ code, severity, message, offset, pathText }, index) => (
          <li key={index}>
            <button
              type="button"
              disabled={offset === undefined}
              onClick={() => {
                if (offset !== undefined) onOffset(offset);
              }}
            >
              <span class={severity === 'error' ? 'bad' : 'warn'}>
                <span aria-hidden="true">{severity === 'error' ? '▼' : '▽'}</span> {code}
              </span>
              {offset !== undefined && <span class="mono dim"> {formatHex(offset)}</span>}
              {pathText !== undefined && <span class="mono wrap"> {pathText}</span>}
              <span class="finding-text">{message}</span>
            </button>
          </li>
        ))}
      </ul>
      {check !== undefined && check.suppressed > 0 && (
        <p class="here-empty dim">{STRINGS.flash.moreFindings(formatCount(check.suppressed))}</p>
      )}
    </section>
  );
}

function Counts({ check }: { readonly check: ShownCheck }): JSX.Element {
  const errors = check.findings.filter(({ severity }) => severity === 'error').length;
  const warnings = check.findings.length - errors;
  return (
    <span class="counts">
      {errors > 0 && <span class="bad">{STRINGS.flash.errors(errors)}</span>}
      {warnings > 0 && <span class="warn">{STRINGS.flash.warnings(warnings)}</span>}
    </span>
  );
}
