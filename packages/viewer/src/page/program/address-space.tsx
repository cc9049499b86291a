import type { JSX } from 'preact';
import type { ExplainedProgram, ProgramArea } from '../../model/program/explain.js';
import { formatBytes } from '../shared/format.js';
import { STRINGS } from '../strings/index.js';

const TEXT = STRINGS.program;
/**
 * Height of a page in pixels, and limits of an area's height that keep small ones readable and
 * large ones short.
 */
const PAGE_HEIGHT = 3;
const LEAST = 22;
const MOST = 150;

/** All areas, the highest first, with the backing of their pages at the start. */
export function AddressSpace({ explained }: { readonly explained: ExplainedProgram }): JSX.Element {
  const { areas, pageSize, pointerSize } = explained;
  const digits = 2 * pointerSize;
  const rows = [...areas].reverse();
  return (
    <section class="panel space">
      <h2 title={TEXT.spaceHint}>{TEXT.space}</h2>
      <ol aria-label={TEXT.space}>
        {rows.map((area, index) => {
          const above = rows[index - 1];
          const gap = above === undefined ? 0 : above.start - area.end;
          return (
            <li key={area.start}>
              {gap > 0 && <div class="space-gap">{TEXT.gap(formatBytes(gap))}</div>}
              <Area area={area} pageSize={pageSize} digits={digits} />
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function Area(props: {
  readonly area: ProgramArea;
  readonly pageSize: number;
  readonly digits: number;
}): JSX.Element {
  const { area, pageSize } = props;
  const { start, end, permissions, name, runs, vmFlags } = area;
  const pages = Math.max(1, Math.ceil((end - start) / pageSize));
  const height = Math.max(LEAST, Math.min(MOST, pages * PAGE_HEIGHT));
  const shown = name === '' ? TEXT.anonymous : name;
  const title = [
    `${start.toString(16)}-${end.toString(16)} ${permissions} ${shown}`,
    ...(vmFlags === undefined ? [] : [`VmFlags: ${vmFlags}`]),
    ...runs.map((run) => `${TEXT.pages(run.pages)}: ${STRINGS.laboratory.backing[run.backing]}`),
  ].join('\n');
  return (
    <div class="space-area" style={{ height: `${height}px` }} title={title}>
      <span class="mono space-at">{start.toString(16)}</span>
      <span class="space-runs" aria-hidden="true">
        {runs.map(({ backing, pages: count }, index) => (
          <i key={index} class={`b-${backing}`} style={{ flexGrow: count }} />
        ))}
      </span>
      <span class="mono">{permissions}</span>
      <span class="clip" title={shown}>
        {lastName(shown)}
      </span>
      <span class="num dim nowrap">{TEXT.pages(pages)}</span>
    </div>
  );
}

/** Returns the last part of a path: a whole path does not fit. */
function lastName(path: string): string {
  return path.startsWith('/') ? path.slice(path.lastIndexOf('/') + 1) : path;
}
