import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { PlanChoice, PlanPart } from '../../model/plan/answer.js';
import { formatBytes } from '../shared/format.js';
import { STRINGS } from '../strings/index.js';

const TEXT = STRINGS.plan;
/** Rows beyond this number are only counted. */
const SHOWN = 300;

/** Each part of a file, and whether it is in place. Changes since the last budget are marked. */
export function Parts(props: {
  readonly choice: PlanChoice;
  readonly pageSize: number;
}): JSX.Element {
  const { choice, pageSize } = props;
  const before = useRef<ReadonlyMap<string, number>>(new Map());
  const now = new Map(choice.parts.map(({ key, inPlace }) => [key, inPlace]));
  const last = before.current;
  useEffect(() => {
    before.current = now;
  }, [choice]);
  const worth = choice.parts.filter(({ inPlace, mostGain }) => inPlace > 0 || mostGain > 0);
  const shown = worth.slice(0, SHOWN);
  if (worth.length === 0) return <p class="empty">{TEXT.nothing}</p>;
  return (
    <div class="plan-parts" role="region" aria-label={TEXT.parts} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th>{TEXT.file}</th>
            <th>{TEXT.part}</th>
            <th class="num">{TEXT.inPlace}</th>
            <th>
              <span class="hidden">{TEXT.inPlace}</span>
            </th>
            <th class="num">{TEXT.gain}</th>
            <th class="num">{TEXT.cost}</th>
            <th>{TEXT.why}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((part) => {
            const was = last.get(part.key);
            const change =
              was === undefined || was === part.inPlace
                ? ''
                : was < part.inPlace
                  ? ' came'
                  : ' went';
            return (
              <tr key={part.key} class={`p-${stateOf(part)}${change}`}>
                <td class="mono plan-file" title={[part.text, ...part.equal].join('\n')}>
                  <span class="clip">{part.text}</span>
                  {part.equal.length > 0 && (
                    <span class="dim"> {TEXT.equal(part.equal.length)}</span>
                  )}
                </td>
                <td class="mono">{part.flags}</td>
                <td class="num">
                  {part.inPlace}/{part.pages}
                </td>
                <td>
                  <span class="plan-state" title={TEXT.states[stateOf(part)]}>
                    <i style={{ width: `${(100 * part.inPlace) / Math.max(1, part.pages)}%` }} />
                  </span>
                </td>
                <td class="num nowrap">
                  {part.isFirst && part.gain > 0 ? formatBytes(part.gain * pageSize) : ''}
                </td>
                <td class="num nowrap">
                  {part.isFirst && part.bytes !== 0 ? formatBytes(part.bytes) : ''}
                </td>
                <td>{reasonText(part)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {worth.length > SHOWN && <p class="dim">{TEXT.moreParts(worth.length - SHOWN)}</p>}
    </div>
  );
}

function stateOf({ inPlace, useful, pages }: PlanPart): keyof typeof TEXT.states {
  if (inPlace === 0) return 'none';
  return inPlace === pages || inPlace >= useful ? 'all' : 'some';
}

function reasonText(part: PlanPart): string {
  const { inPlace, pages, useful, gain, bytes, mostGain, mostBytes } = part;
  if (inPlace === pages) return TEXT.whole;
  if (mostGain === 0) return inPlace > 0 ? TEXT.noLarger : TEXT.noGain;
  if (gain === mostGain) return inPlace >= useful ? TEXT.untouched : '';
  return TEXT.price(mostGain - gain, formatBytes(mostBytes - bytes));
}
