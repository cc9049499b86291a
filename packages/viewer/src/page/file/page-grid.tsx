import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import { PAGE_STATES, type PageTable } from '../../model/file-detail.js';
import { formatCount } from '../shared/format.js';
import { STRINGS } from '../strings/index.js';

const CELL = 15;

/** The pages of a file as cells. The selected one shows why it is not mapped from flash. */
export function PageGrid(props: {
  readonly pages: PageTable;
  readonly selected: number | undefined;
  readonly onSelect: (page: number) => void;
}): JSX.Element {
  const { pages, selected = 0, onSelect } = props;
  const box = useRef<HTMLDivElement>(null);
  const { states, reasons, reasonOf, directPages } = pages;
  const count = states.length;
  const reason = reasons[reasonOf[selected] ?? -1];
  const state = PAGE_STATES[states[selected]!]!;
  const onKeyDown = (event: KeyboardEvent): void => {
    const perRow = Math.max(1, Math.floor((box.current?.clientWidth ?? CELL) / CELL));
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: perRow,
      ArrowUp: -perRow,
      Home: -count,
      End: count,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    onSelect(Math.min(count - 1, Math.max(0, selected + step)));
  };
  // Memoized: a large file has thousands of cells, and moving in its bytes changes none.
  const cells = useMemo(
    () =>
      Array.from(states, (each, page) => (
        <i
          key={page}
          id={`page-${page}`}
          data-page={page}
          role="option"
          aria-selected={page === selected}
          aria-label={`${STRINGS.file.page(formatCount(page))}: ${STRINGS.file.states[PAGE_STATES[each]!]}`}
          class={`page-${PAGE_STATES[each]!}`}
        />
      )),
    [states, selected],
  );
  return (
    <section class="panel">
      <h2>
        {STRINGS.file.pages}
        <span class="counts dim">
          {STRINGS.file.pagesOf(formatCount(directPages), formatCount(count))}
        </span>
      </h2>
      <div
        ref={box}
        class="page-grid"
        tabIndex={0}
        role="listbox"
        aria-label={STRINGS.file.pages}
        aria-activedescendant={`page-${selected}`}
        title={STRINGS.file.pagesHint}
        onKeyDown={onKeyDown}
        onClick={(event) => {
          const page = (event.target as HTMLElement).dataset['page'];
          if (page !== undefined) onSelect(Number(page));
        }}
      >
        {cells}
      </div>
      <p class="page-says" aria-live="polite">
        <strong>
          {STRINGS.file.page(formatCount(selected))}: {STRINGS.file.states[state]}
        </strong>
        {state !== 'direct' && <span> {reason ?? STRINGS.file.reasonUnknown}</span>}
      </p>
      <ul class="page-legend">
        {(['direct', 'alone', 'ram'] as const).map((each) => (
          <li key={each}>
            <i class={`page-${each}`} /> {STRINGS.file.states[each]}
          </li>
        ))}
      </ul>
    </section>
  );
}
