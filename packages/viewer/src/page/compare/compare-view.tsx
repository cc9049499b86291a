import type { JSX } from 'preact';
import { formatRoute, routeTo, withQuery } from '../router.js';
import { NumberField } from '../shared/field.js';
import { formatBytes, formatCount, formatShare, parseNumber } from '../shared/format.js';
import { ProblemBox } from '../shared/problem-box.js';
import { STRINGS } from '../strings/index.js';
import { useAnswer } from '../use-answer.js';
import type { ViewProps } from '../view-props.js';
import { COMPARED_BLOCK, type Comparison } from '../../model/compare.js';
import { DifferenceTable } from './difference-table.js';
import { FlashStrip } from './flash-strip.js';

const DEFAULT_ERASE_BLOCK = 65536;

/** Two images: their differences, and where these are in the flash. */
export function CompareView(props: ViewProps): JSX.Element {
  const { ask, images, imageIndex: after, kernel, route, navigate } = props;
  const { query } = route;
  const asked = Number(query['with']) - 1;
  const isPossible = images[asked] !== undefined && asked !== after;
  const before = isPossible ? asked : images.findIndex((_, index) => index !== after);
  const { value, problem } = useAnswer(
    ask,
    'compare',
    before < 0 ? undefined : { before, after, kernel },
  );
  const eraseBlock = parseNumber(query['erase'] ?? '') ?? DEFAULT_ERASE_BLOCK;
  if (before < 0) return <p class="empty">{STRINGS.compare.needTwo}</p>;

  const change = (changes: Readonly<Record<string, string | undefined>>): void => {
    navigate(withQuery(route, changes), { replace: true });
  };
  const strip = (image: number, label: string, isBefore: boolean): JSX.Element => (
    <FlashStrip
      {...{ ask, image, kernel }}
      label={label}
      title={images[image]!.title}
      path={route.path}
      changed={value?.changed}
      end={value === undefined ? 1 : Math.max(value.beforeSize, value.afterSize)}
    >
      {isBefore && images.length > 2 && (
        <select
          aria-label={STRINGS.compare.before}
          value={before}
          onChange={({ currentTarget }) => {
            change({ with: String(Number(currentTarget.value) + 1) });
          }}
        >
          {images.map(({ title }, index) =>
            index === after ? null : (
              <option key={index} value={index}>
                {title}
              </option>
            ),
          )}
        </select>
      )}
    </FlashStrip>
  );
  return (
    <div class="compare">
      <h2 class="hidden">{STRINGS.compare.label}</h2>
      {problem !== undefined && <ProblemBox problem={problem} />}
      <section class="panel compare-flash">
        <h2>
          {STRINGS.compare.flash}
          {value !== undefined && <Changed comparison={value} eraseBlock={eraseBlock} />}
        </h2>
        {strip(before, STRINGS.compare.before, true)}
        {strip(after, STRINGS.compare.after, false)}
        <NumberField
          label={STRINGS.compare.eraseBlock}
          hint={STRINGS.flash.sizeHint}
          value={eraseBlock}
          format={formatBytes}
          min={COMPARED_BLOCK}
          onValue={(bytes) => {
            change({ erase: bytes === undefined ? undefined : String(bytes) });
          }}
        />
      </section>
      {value !== undefined && value.problems.length > 0 && (
        <p class="problem" title={value.problems.slice(0, 20).join('\n')}>
          {STRINGS.compare.problems(value.problems.length)}
        </p>
      )}
      {value !== undefined && (
        <DifferenceTable
          differences={value.differences}
          isSame={!value.changed.includes(1)}
          selected={route.path}
          onSelect={(path) => {
            navigate({ ...route, path }, { replace: true });
          }}
          linkTo={(path, wasRemoved) =>
            formatRoute(
              withQuery(routeTo(route, 'file', path), {
                image: String((wasRemoved ? before : after) + 1),
              }),
            )
          }
        />
      )}
    </div>
  );
}

function Changed({
  comparison,
  eraseBlock,
}: {
  readonly comparison: Comparison;
  readonly eraseBlock: number;
}): JSX.Element {
  const { changed, beforeSize, afterSize } = comparison;
  const blocks = changed.reduce((sum, each) => sum + each, 0);
  const perErase = Math.max(1, Math.round(eraseBlock / COMPARED_BLOCK));
  const all = Math.ceil(changed.length / perErase);
  let erased = 0;
  for (let first = 0; first < changed.length; first += perErase) {
    if (changed.subarray(first, first + perErase).includes(1)) erased += 1;
  }
  const bytes = blocks * COMPARED_BLOCK;
  return (
    <span class="counts dim">
      <span>
        {STRINGS.compare.changedBytes(
          formatBytes(bytes),
          formatShare(bytes, Math.max(beforeSize, afterSize)),
        )}
      </span>
      <span>{STRINGS.compare.eraseBlocks(formatCount(erased), formatCount(all))}</span>
    </span>
  );
}
