import type { JSX } from 'preact';
import type { ViewProps } from '../view-props.js';

export function FlashView({ facts }: ViewProps): JSX.Element {
  return <p>{facts.title}</p>;
}
