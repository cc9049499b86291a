import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { LabEntry } from '../../model/laboratory/entry.js';
import { STRINGS } from '../strings/index.js';
import { eventText } from './event-text.js';
import type { Script } from './script.js';

const TEXT = STRINGS.laboratory;

/**
 * The steps, their results, and the events of the machine. A step is a link to the state after it.
 */
export function Log(props: {
  readonly script: Script;
  readonly entries: readonly LabEntry[];
  readonly pageSize: number;
  readonly onStep: (at: number) => void;
}): JSX.Element {
  const { script, entries, pageSize, onStep } = props;
  const current = useRef<HTMLLIElement>(null);
  useEffect(() => {
    const item = current.current;
    const list = item?.parentElement;
    // Scroll only the list, not the page.
    if (item && list) list.scrollTop = item.offsetTop - list.offsetTop - list.clientHeight / 2;
  }, [script.at]);
  if (script.lines.length === 0) return <p class="empty">{TEXT.logEmpty}</p>;
  return (
    <ol class="lab-log" aria-label={TEXT.log} tabIndex={0}>
      {script.lines.map((line, index) => {
        const entry = index < script.at ? entries[index] : undefined;
        const isCurrent = index === script.at - 1;
        return (
          <li
            key={index}
            ref={isCurrent ? current : null}
            class={entry === undefined ? 'undone' : `o-${entry.outcome}`}
          >
            <button
              type="button"
              class="lab-step"
              title={TEXT.atStep(index + 1)}
              aria-current={isCurrent ? 'step' : undefined}
              onClick={() => {
                onStep(index + 1);
              }}
            >
              <span class="lab-number">{index + 1}</span>
              <code>{line}</code>
            </button>
            {entry !== undefined && <Answer entry={entry} pageSize={pageSize} />}
          </li>
        );
      })}
    </ol>
  );
}

function Answer(props: { readonly entry: LabEntry; readonly pageSize: number }): JSX.Element {
  const { result, events, moreEvents, process } = props.entry;
  return (
    <div class="lab-answer">
      {process > 0 && <span class="lab-process">{TEXT.switchTo(process)}</span>}
      {result.map((line, index) => (
        <p key={index} class="lab-result">
          {line}
        </p>
      ))}
      {events.map((event, index) => (
        <p key={index} class="lab-event">
          {eventText(event, props.pageSize)}
        </p>
      ))}
      {moreEvents > 0 && <p class="lab-event">{TEXT.moreEvents(moreEvents)}</p>}
    </div>
  );
}
