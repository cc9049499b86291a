import type { ComponentChildren, JSX } from 'preact';

/** A name and its value, in a `dl` of class `pairs`. */
export function Pair({
  name,
  children,
}: {
  readonly name: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
