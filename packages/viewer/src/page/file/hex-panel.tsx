import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Field } from '../../model/fields.js';
import { WINDOW, type HexWindow } from '../../model/hex-window.js';
import type { Kernel } from '../../model/kernel.js';
import type { Ask } from '../ask.js';
import { Choice, NumberField } from '../shared/field.js';
import { formatHex } from '../shared/format.js';
import { ProblemBox } from '../shared/problem-box.js';
import { VirtualRows } from '../shared/virtual-rows.js';
import { STRINGS } from '../strings/index.js';
import { useAnswer } from '../use-answer.js';

export interface HexPanelProps {
  readonly ask: Ask;
  readonly image: number;
  readonly kernel: Kernel;
  /** The file whose content is shown; undefined for the image itself. */
  readonly path: string | undefined;
  /** Offset of the selected byte. */
  readonly offset: number;
  readonly hasContent: boolean;
  readonly withoutData: boolean;
  readonly onOffset: (offset: number) => void;
  readonly onSource: (content: boolean) => void;
}

const PER_ROW = 16;
const ROW_HEIGHT = 20;

/** Bytes, and the fields of the structures in them. Selecting one marks the other. */
export function HexPanel(props: HexPanelProps): JSX.Element {
  const { ask, image, kernel, path, offset, hasContent, withoutData, onOffset, onSource } = props;
  const page = Math.floor(offset / WINDOW) * WINDOW;
  const { value: window, problem } = useAnswer(ask, 'hex', { image, kernel, path, offset: page });
  const field = window === undefined ? undefined : fieldAt(window.fields, offset);
  const onKeyDown = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: PER_ROW,
      ArrowUp: -PER_ROW,
      PageDown: WINDOW,
      PageUp: -WINDOW,
    };
    const step = steps[event.key];
    if (step === undefined || window === undefined) return;
    event.preventDefault();
    onOffset(Math.min(window.end - 1, Math.max(0, offset + step)));
  };
  return (
    <section class="hex panel">
      <h2>{STRINGS.file.hex}</h2>
      <div class="bar hex-bar">
        {hasContent && (
          <Choice
            label={STRINGS.file.source}
            options={[
              { value: 'image', label: STRINGS.file.sourceImage },
              { value: 'content', label: STRINGS.file.sourceContent },
            ]}
            value={path === undefined ? 'image' : 'content'}
            onValue={(value) => {
              onSource(value === 'content');
            }}
          />
        )}
        <NumberField
          label={STRINGS.file.goTo}
          value={offset}
          format={formatHex}
          max={window === undefined ? Infinity : window.end - 1}
          onValue={(value) => {
            if (value !== undefined) onOffset(value);
          }}
        />
        <button
          class="button icon"
          type="button"
          aria-label={STRINGS.file.previous}
          title={STRINGS.file.previous}
          disabled={page === 0}
          onClick={() => {
            onOffset(page - WINDOW);
          }}
        >
          ‹
        </button>
        <button
          class="button icon"
          type="button"
          aria-label={STRINGS.file.next}
          title={STRINGS.file.next}
          disabled={window === undefined || page + WINDOW >= window.end}
          onClick={() => {
            onOffset(page + WINDOW);
          }}
        >
          ›
        </button>
        {withoutData && <span class="dim">{STRINGS.file.withoutData}</span>}
      </div>
      {problem !== undefined && <ProblemBox problem={problem} />}
      {window !== undefined && (
        <div class="hex-columns">
          <div class="hex-box">
            <span id="hex-hint" class="hidden">
              {STRINGS.file.hexHint}
            </span>
            <span class="hidden" aria-live="polite">
              {STRINGS.file.position(
                formatHex(offset),
                byteText(window.bytes[offset - window.start]),
                field === undefined ? '' : `${field.structure} ${field.name}`,
              )}
            </span>
            <VirtualRows
              box={{
                class: 'virtual hex-bytes',
                role: 'application',
                'aria-label': STRINGS.file.hex,
                'aria-describedby': 'hex-hint',
                tabIndex: 0,
                onKeyDown,
                onClick: (event) => {
                  const byte = (event.target as HTMLElement).dataset['at'];
                  if (byte !== undefined) onOffset(Number(byte));
                },
              }}
              count={Math.ceil(window.bytes.length / PER_ROW)}
              height={ROW_HEIGHT}
              shown={Math.floor((offset - window.start) / PER_ROW)}
              row={(index, style) => (
                <HexRow
                  key={index}
                  {...{ window, offset, field, style }}
                  start={window.start + index * PER_ROW}
                />
              )}
            />
          </div>
          <FieldList fields={window.fields} selected={field} onOffset={onOffset} />
        </div>
      )}
    </section>
  );
}

/** Returns the smallest field that contains a byte. */
function fieldAt(fields: readonly Field[], offset: number): Field | undefined {
  let best: Field | undefined;
  for (const field of fields) {
    if (offset < field.start || offset >= field.end) continue;
    if (best === undefined || field.end - field.start < best.end - best.start) best = field;
  }
  return best;
}

function byteText(byte: number | undefined): string {
  return byte === undefined ? '' : byte.toString(16).padStart(2, '0');
}

function HexRow(props: {
  readonly window: HexWindow;
  readonly start: number;
  readonly offset: number;
  readonly field: Field | undefined;
  readonly style: { readonly top: string };
}): JSX.Element {
  const { window, start, style } = props;
  const end = start + PER_ROW;
  const isHere = props.offset >= start && props.offset < end;
  const offset = isHere ? props.offset : undefined;
  const { field: shown } = props;
  const field = shown !== undefined && shown.start < end && shown.end > start ? shown : undefined;
  // Memoized: moving the cursor changes two rows of sixty.
  return useMemo(() => {
    const first = start - window.start;
    const bytes = window.bytes.subarray(first, first + PER_ROW);
    const classOf = (at: number): string | undefined => {
      if (at === offset) return 'here-byte';
      return field !== undefined && at >= field.start && at < field.end ? 'in-field' : undefined;
    };
    return (
      <div class="hex-row mono" style={style}>
        <span class="hex-offset">{start.toString(16).padStart(8, '0')}</span>
        <span class="hex-cells">
          {Array.from(bytes, (byte, index) => (
            <b key={index} data-at={start + index} class={classOf(start + index)}>
              {byteText(byte)}
            </b>
          ))}
        </span>
        <span class="hex-text">
          {Array.from(bytes, (byte, index) => (
            <b key={index} data-at={start + index} class={classOf(start + index)}>
              {byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'}
            </b>
          ))}
        </span>
      </div>
    );
  }, [window, start, offset, field, style.top]);
}

const FIELD_HEIGHT = 22;

function FieldList(props: {
  readonly fields: readonly Field[];
  readonly selected: Field | undefined;
  readonly onOffset: (offset: number) => void;
}): JSX.Element {
  const { fields, selected, onOffset } = props;
  const at = selected === undefined ? -1 : fields.indexOf(selected);
  if (fields.length === 0) return <p class="here-empty dim field-list">{STRINGS.file.noFields}</p>;
  return (
    <VirtualRows
      box={{
        class: 'virtual field-list',
        tabIndex: 0,
        role: 'listbox',
        'aria-label': STRINGS.file.fields,
        'aria-activedescendant': at >= 0 ? `field-${at}` : undefined,
        onKeyDown: (event) => {
          const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
          const next = fields[at + step];
          if (step === 0 || next === undefined) return;
          event.preventDefault();
          onOffset(next.start);
        },
      }}
      count={fields.length}
      height={FIELD_HEIGHT}
      shown={at}
      row={(index, style) => {
        const { structure, name, value, meaning, start } = fields[index]!;
        const isFirst = fields[index - 1]?.structure !== structure;
        return (
          <div
            key={index}
            id={`field-${index}`}
            class={`field-row${index === at ? ' selected' : ''}${isFirst ? ' first' : ''}`}
            role="option"
            aria-selected={index === at}
            style={style}
            title={`${structure} ${name} = ${value}${meaning === undefined ? '' : ` (${meaning})`}`}
            onClick={() => {
              onOffset(start);
            }}
          >
            <span class="dim clip">{isFirst ? structure : ''}</span>
            <span class="clip">{name}</span>
            <span class="mono clip">
              {value}
              {meaning !== undefined && <span class="dim"> {meaning}</span>}
            </span>
          </div>
        );
      }}
    />
  );
}
