import type { JSX } from 'preact';
import type { LabArea, LabState } from '../../model/laboratory/snapshot.js';
import { formatBytes } from '../shared/format.js';
import { STRINGS } from '../strings/index.js';

const TEXT = STRINGS.laboratory;

/** The areas as in /proc/PID/maps, with VmFlags and counts of smaps. */
export function Areas(props: {
  readonly areas: readonly LabArea[];
  readonly shown: string | undefined;
  readonly onShow: (id: string) => void;
}): JSX.Element {
  const { areas, shown, onShow } = props;
  if (areas.length === 0) return <p class="empty">{TEXT.noAreas}</p>;
  return (
    <div class="lab-areas" role="region" aria-label={TEXT.areas} tabIndex={0}>
      <table>
        <tbody>
          {areas.map(({ start, end, permissions, offset, name, vmFlags, counts, ids }) => (
            <tr key={start} class={ids.includes(shown ?? '') ? 'shown' : ''}>
              <td>
                {ids.map((id) => (
                  <button
                    key={id}
                    type="button"
                    class="lab-id"
                    aria-pressed={id === shown}
                    onClick={() => {
                      onShow(id);
                    }}
                  >
                    {id}
                  </button>
                ))}
              </td>
              <td class="mono">
                {start.toString(16)}-{end.toString(16)}
              </td>
              <td class="mono">{permissions}</td>
              <td class="mono num">{offset.toString(16)}</td>
              <td class="mono lab-name" title={name}>
                {name}
              </td>
              <td class="mono dim lab-flags" title="VmFlags">
                {vmFlags ?? ''}
              </td>
              <td class="num nowrap">
                {counts === undefined ? '' : `${TEXT.rss} ${formatBytes(counts.rss)}`}
              </td>
              <td class="num nowrap">
                {counts === undefined || counts.anonymous === 0
                  ? ''
                  : `${TEXT.anon} ${formatBytes(counts.anonymous)}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The uses of the machine's memory. */
export function Totals({ totals }: Pick<LabState, 'totals'>): JSX.Element {
  const { ramBytes, cacheBytes, anonymousBytes, romBytes, savedBytes } = totals;
  const items = [
    [TEXT.ramUse, ramBytes, undefined],
    [TEXT.cache, cacheBytes, 'b-page-cache'],
    [TEXT.anonymousUse, anonymousBytes, 'b-anonymous'],
    [TEXT.romUse, romBytes, 'b-rom'],
    [TEXT.saved, savedBytes, undefined],
  ] as const;
  return (
    <dl class="lab-totals">
      {items.map(([label, bytes, kind]) => (
        <div key={label}>
          <dt>
            {kind !== undefined && <span class={`swatch ${kind}`} />}
            {label}
          </dt>
          <dd>{formatBytes(bytes)}</dd>
        </div>
      ))}
    </dl>
  );
}
