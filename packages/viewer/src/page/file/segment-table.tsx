import type { JSX } from 'preact';
import type { SegmentRow } from '../../model/file-detail.js';
import { formatCount, formatHex } from '../shared/format.js';
import { STRINGS } from '../strings/index.js';

/** The parts of a program that its loader maps. */
export function SegmentTable({
  segments,
}: {
  readonly segments: readonly SegmentRow[];
}): JSX.Element {
  const words = STRINGS.file.segment;
  return (
    <section class="panel">
      <h2>{STRINGS.file.segments}</h2>
      <div class="scroll-x" tabIndex={0} role="region" aria-label={STRINGS.file.segments}>
        <table class="segments">
          <thead>
            <tr>
              <th>{words.flags}</th>
              <th class="num">{words.offset}</th>
              <th class="num">{words.filesz}</th>
              <th class="num">{words.pages}</th>
              <th class="num">{words.direct}</th>
              <th class="num">{words.ram}</th>
              <th>{words.rom}</th>
              <th>{words.reason}</th>
            </tr>
          </thead>
          <tbody>
            {segments.map((segment, index) => (
              <tr key={index}>
                <td class="mono">{segment.name ?? flagText(segment.flags)}</td>
                <td class="mono num">{formatHex(segment.offset)}</td>
                <td class="num">{formatCount(segment.filesz)}</td>
                <td class="num">{formatCount(segment.pages)}</td>
                <td class="num">{formatCount(segment.directPages)}</td>
                <td class="num">{formatCount(segment.ramPages)}</td>
                <td class="mono nowrap">
                  {segment.romStart !== undefined &&
                    `${formatHex(segment.romStart)}–${formatHex(segment.romEnd ?? 0)}`}
                </td>
                <td>
                  {segment.reason}
                  {segment.hazard !== undefined && <span class="bad"> {segment.hazard}</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Returns p_flags as `r-x`. */
function flagText(flags: number): string {
  return `${(flags & 4) === 0 ? '-' : 'r'}${(flags & 2) === 0 ? '-' : 'w'}${(flags & 1) === 0 ? '-' : 'x'}`;
}
