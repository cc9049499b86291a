import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { parseNumber } from './format.js';

interface NumberFieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  /** Undefined shows an empty field. */
  readonly value: number | undefined;
  readonly format: (value: number) => string;
  /** Called with each number that is entered, and with undefined if the field is emptied. */
  readonly onValue: (value: number | undefined) => void;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly width?: number | undefined;
}

/** A labelled field for a number in any notation: `4K`, `0x1000`, `4096`. */
export function NumberField(props: NumberFieldProps): JSX.Element {
  const { label, hint, value, format, onValue, min = 0, max = Infinity, width = 11 } = props;
  const shown = value === undefined ? '' : format(value);
  const [text, setText] = useState(shown);
  useEffect(() => {
    setText(shown);
  }, [shown]);
  const parsed = text.trim() === '' ? undefined : parseNumber(text);
  const isWrong = text.trim() !== '' && (parsed === undefined || parsed < min || parsed > max);
  return (
    <label class="field" title={hint}>
      <span class="field-label">{label}</span>
      <input
        class="mono"
        type="text"
        inputMode="text"
        spellcheck={false}
        autocomplete="off"
        value={text}
        size={width}
        aria-invalid={isWrong}
        onInput={(event) => {
          setText(event.currentTarget.value);
        }}
        onChange={() => {
          if (!isWrong) onValue(parsed);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !isWrong) onValue(parsed);
        }}
      />
    </label>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly value: T;
  readonly onValue: (value: T) => void;
}

/**
 * A labelled row of buttons of which one is pressed. To the keyboard and to screen readers they are
 * radio buttons.
 */
export function Choice<T extends string>(props: ChoiceProps<T>): JSX.Element {
  const { label, options, value, onValue } = props;
  return (
    <div class="choice" role="radiogroup" aria-label={label}>
      {options.map((option) => (
        <label key={option.value} class={option.value === value ? 'chosen' : ''}>
          <input
            type="radio"
            name={label}
            checked={option.value === value}
            onChange={() => {
              onValue(option.value);
            }}
          />
          {option.label}
        </label>
      ))}
    </div>
  );
}
