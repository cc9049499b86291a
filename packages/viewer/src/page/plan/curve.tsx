import { scaleLinear } from 'd3-scale';
import type { JSX } from 'preact';
import type { PlanOverview } from '../../model/plan/answer.js';
import { formatBytes, formatCount } from '../shared/format.js';
import { useWidth } from '../shared/use-width.js';
import { STRINGS } from '../strings/index.js';

const TEXT = STRINGS.plan;
const HEIGHT = 240;
const MARGIN = { top: 12, right: 32, bottom: 36, left: 66 };
const TICKS = 5;
const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

/**
 * The trade-off, with flash to the right and RAM upwards. It has steps, because between two points
 * more flash saves nothing.
 */
export function Curve(props: {
  readonly overview: PlanOverview;
  readonly budget: number;
  readonly chosen: { readonly flash: number; readonly ram: number } | undefined;
  readonly onBudget: (flash: number) => void;
}): JSX.Element {
  const { overview, budget, chosen, onBudget } = props;
  const { curve, named } = overview;
  const [element, width] = useWidth<HTMLDivElement>(640);
  const first = curve[0]!;
  const last = curve.at(-1)!;
  // The axis is as wide as the slider under it.
  const x = scaleLinear()
    .domain([first.flash, Math.max(last.flash, first.flash + overview.pageSize)])
    .range([MARGIN.left, width - MARGIN.right]);
  const y = scaleLinear()
    .domain([0, Math.max(1, first.ram) * 1.06])
    .range([HEIGHT - MARGIN.bottom, MARGIN.top]);
  const steps = curve.map(({ flash, ram }) => `H${x(flash)}V${y(ram)}`).join('');
  const line = `M${x(first.flash)} ${y(first.ram)}${steps}H${width - MARGIN.right}`;
  const floor = HEIGHT - MARGIN.bottom;
  return (
    <div class="plan-curve" ref={element}>
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={TEXT.curveLabel}
        onClick={({ offsetX }) => {
          const flash = Math.round(x.invert(offsetX));
          onBudget(Math.max(first.flash, Math.min(flash, last.flash)));
        }}
      >
        {ticks(0, first.ram, TICKS).map(({ value: ram, text }) => (
          <g key={ram} class="plan-grid">
            <line x1={MARGIN.left} x2={width - MARGIN.right} y1={y(ram)} y2={y(ram)} />
            <text x={MARGIN.left - 8} y={y(ram) + 4} text-anchor="end">
              {text}
            </text>
          </g>
        ))}
        {ticks(first.flash, last.flash, Math.max(2, Math.floor(width / 140))).map(
          ({ value: flash, text }) => (
            <g key={flash} class="plan-grid">
              <line x1={x(flash)} x2={x(flash)} y1={floor} y2={floor + 5} />
              <text x={x(flash)} y={floor + 20} text-anchor="middle">
                {text}
              </text>
            </g>
          ),
        )}
        <path class="plan-area" d={`${line}V${floor}H${x(first.flash)}Z`} />
        <path class="plan-line" d={line} />
        {named.map(({ name, flash, ram }) => (
          <circle key={name} class="plan-point" cx={x(flash)} cy={y(ram)} r={4}>
            <title>{`${TEXT.points[name] ?? name}: ${formatBytes(flash)}, ${formatBytes(ram)}`}</title>
          </circle>
        ))}
        <line class="plan-budget" x1={x(budget)} x2={x(budget)} y1={MARGIN.top} y2={floor} />
        {chosen !== undefined && (
          <circle class="plan-chosen" cx={x(chosen.flash)} cy={y(chosen.ram)} r={6} />
        )}
      </svg>
    </div>
  );
}

/** Returns round sizes in a range, in the largest unit that keeps them apart. */
function ticks(
  from: number,
  to: number,
  count: number,
): { readonly value: number; readonly text: string }[] {
  const span = Math.max(1, to - from);
  const unit = span >= 4 * MEBIBYTE ? MEBIBYTE : KIBIBYTE;
  const name = unit === MEBIBYTE ? 'MiB' : 'KiB';
  return scaleLinear()
    .domain([from / unit, (from + span) / unit])
    .ticks(count)
    .map((tick) => ({ value: tick * unit, text: `${formatCount(tick)} ${name}` }));
}
