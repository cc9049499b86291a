import { nameToText } from 'cramfs-format';
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import type { ProgramEntry, ProgramList } from '../../model/program/list.js';
import { STRINGS } from '../strings/index.js';

const TEXT = STRINGS.program;
/** The number of programs shown at once. For others, the user types more letters. */
const SHOWN = 50;

/** Finds a program by part of its path: a field with a list below it. */
export function Chooser(props: {
  readonly list: ProgramList | undefined;
  readonly path: string | undefined;
  readonly onPath: (path: string) => void;
}): JSX.Element {
  const { list, path, onPath } = props;
  const id = useId();
  const [typed, setTyped] = useState<string | undefined>();
  const [at, setAt] = useState(0);
  const isOpen = typed !== undefined;
  const matches = isOpen ? matching(list?.programs ?? [], typed) : [];
  const shown = matches.slice(0, SHOWN);
  const marked = Math.min(at, shown.length - 1);
  const choose = (entry: ProgramEntry | undefined): void => {
    if (entry === undefined) return;
    setTyped(undefined);
    setAt(0);
    onPath(entry.path);
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => {
      if (isOpen) setAt(Math.min(marked + 1, shown.length - 1));
      else setTyped('');
    },
    ArrowUp: () => {
      setAt(Math.max(0, marked - 1));
    },
    Enter: () => {
      choose(shown[marked]);
    },
    Escape: () => {
      setTyped(undefined);
    },
  };
  return (
    <div class="chooser">
      <label class="field lab-wide">
        <span class="field-label">{TEXT.choose}</span>
        <input
          class="mono"
          type="text"
          role="combobox"
          aria-expanded={isOpen}
          aria-controls={id}
          aria-autocomplete="list"
          aria-activedescendant={isOpen && marked >= 0 ? `${id}-${marked}` : undefined}
          placeholder={TEXT.chooseHint}
          title={TEXT.chooseHint}
          spellcheck={false}
          autocomplete="off"
          value={typed ?? (path === undefined ? '' : nameToText(path))}
          onFocus={({ currentTarget }) => {
            currentTarget.select();
          }}
          onInput={({ currentTarget }) => {
            setTyped(currentTarget.value);
            setAt(0);
          }}
          onBlur={() => {
            setTyped(undefined);
          }}
          onKeyDown={(event) => {
            const action = keys[event.key];
            if (action === undefined) return;
            event.preventDefault();
            action();
          }}
        />
      </label>
      <ul id={id} class="chooser-list" role="listbox" aria-label={TEXT.choose} hidden={!isOpen}>
        {shown.map((entry, index) => (
          <li
            key={entry.path}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === marked}
            onMouseDown={(event) => {
              // Handled before the field loses the focus and the list disappears.
              event.preventDefault();
              choose(entry);
            }}
          >
            <span class="mono clip">{entry.text}</span>
            <span class="dim clip">
              {entry.target === undefined ? (entry.format ?? '') : `→ ${entry.target}`}
            </span>
          </li>
        ))}
        {isOpen && matches.length === 0 && (
          <li role="option" aria-selected={false} class="dim">
            {TEXT.none}
          </li>
        )}
      </ul>
    </div>
  );
}

function matching(programs: readonly ProgramEntry[], typed: string): readonly ProgramEntry[] {
  const wanted = typed.trim().toLowerCase();
  return wanted === ''
    ? programs
    : programs.filter(({ text }) => text.toLowerCase().includes(wanted));
}
