import type { JSX } from 'preact';
import type { Problem } from '../../worker/protocol.js';
import { STRINGS } from '../strings/index.js';
import { formatHex } from './format.js';

/** An error message. */
export function ProblemBox({ problem }: { readonly problem: Problem }): JSX.Element {
  const { message, offset, path } = problem;
  return (
    <p class="problem" role="alert">
      {path !== undefined && <span class="mono">{path}: </span>}
      {message}
      {offset !== undefined && <span class="dim"> {STRINGS.shell.at(formatHex(offset))}</span>}
    </p>
  );
}
