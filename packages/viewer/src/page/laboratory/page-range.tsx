import type { JSX } from 'preact';
import { NumberField } from '../shared/field.js';

interface PageRangeProps {
  /** The label of the first page. */
  readonly label: string;
  readonly first: number;
  readonly onFirst: (first: number) => void;
  readonly pagesLabel: string;
  /** The meaning of an empty number of pages. */
  readonly pagesHint: string;
  readonly pages: number | undefined;
  readonly onPages: (pages: number | undefined) => void;
}

/** Two fields for a range of pages: the first one, and how many. */
export function PageRange(props: PageRangeProps): JSX.Element {
  return (
    <div class="lab-row">
      <NumberField
        label={props.label}
        value={props.first}
        format={String}
        width={4}
        onValue={(value) => {
          props.onFirst(value ?? 0);
        }}
      />
      <NumberField
        label={props.pagesLabel}
        hint={props.pagesHint}
        value={props.pages}
        format={String}
        min={1}
        width={4}
        onValue={props.onPages}
      />
    </div>
  );
}
