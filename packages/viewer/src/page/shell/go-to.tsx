import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Ask } from '../ask.js';
import { routeTo, type Navigate, type Route } from '../router.js';
import { formatCount } from '../shared/format.js';
import { STRINGS } from '../strings/index.js';
import { useAnswer } from '../use-answer.js';

/** A field that goes to a file: a combobox with the matching paths below it. */
export function GoTo(props: {
  readonly ask: Ask;
  readonly image: number;
  readonly route: Route;
  readonly navigate: Navigate;
}): JSX.Element {
  const { ask, image, route, navigate } = props;
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const { value, problem } = useAnswer(ask, 'search', text === '' ? undefined : { image, text });
  const isOpen = text !== '';
  const found = isOpen ? (value?.first ?? []) : [];
  const count = value?.numbers.length ?? 0;
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof Element && event.target.matches('input, select');
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener('keydown', focus);
    return () => {
      removeEventListener('keydown', focus);
    };
  }, []);
  const go = (index: number): void => {
    const target = found[index];
    if (target === undefined) return;
    setText('');
    field.current?.blur();
    navigate(routeTo(route, 'file', target.path));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    switch (event.key) {
      case 'ArrowDown':
        setChosen(Math.min(found.length - 1, chosen + 1));
        break;
      case 'ArrowUp':
        setChosen(Math.max(0, chosen - 1));
        break;
      case 'Enter':
        go(chosen);
        break;
      case 'Escape':
        setText('');
        break;
      default:
        return;
    }
    event.preventDefault();
  };
  return (
    <div class="go-to">
      <input
        ref={field}
        class="mono"
        type="text"
        role="combobox"
        spellcheck={false}
        autocomplete="off"
        placeholder={STRINGS.shell.search}
        title={STRINGS.shell.searchHint}
        aria-label={STRINGS.shell.search}
        aria-expanded={isOpen}
        aria-controls={isOpen ? 'go-to-list' : undefined}
        aria-activedescendant={found.length > 0 ? `go-to-${chosen}` : undefined}
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          setChosen(0);
        }}
        onBlur={() => {
          setText('');
        }}
        onKeyDown={onKeyDown}
      />
      {isOpen && (
        <ul class="go-to-list" id="go-to-list" role="listbox" aria-label={STRINGS.shell.search}>
          {found.map(({ path, text: shown }, index) => (
            <li
              key={path}
              id={`go-to-${index}`}
              role="option"
              aria-selected={index === chosen}
              class={index === chosen ? 'mono clip selected' : 'mono clip'}
              title={shown}
              onPointerDown={(event) => {
                event.preventDefault();
                go(index);
              }}
            >
              {shown}
            </li>
          ))}
          {count > found.length && (
            <li class="dim" role="option" aria-selected={false} aria-disabled="true">
              {STRINGS.shell.searchMore(formatCount(count - found.length))}
            </li>
          )}
          {found.length === 0 && (
            <li class="dim" role="option" aria-selected={false} aria-disabled="true">
              {problem?.message ?? STRINGS.shell.searchNone}
            </li>
          )}
        </ul>
      )}
    </div>
  );
}
