import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PlanChoice, PlanOverview } from '../../model/plan/answer.js';
import type { ProfileFile } from '../../model/plan/prepare.js';
import type { PlanParameters } from '../../worker/plan.js';
import { withQuery } from '../router.js';
import { NumberField } from '../shared/field.js';
import { formatBytes } from '../shared/format.js';
import { ProblemBox } from '../shared/problem-box.js';
import { saveText } from '../shared/save.js';
import { STRINGS } from '../strings/index.js';
import { useAnswer } from '../use-answer.js';
import type { ViewProps } from '../view-props.js';
import { Curve } from './curve.js';
import { Parts } from './parts.js';
import { WorkloadForm } from './workload-form.js';

const TEXT = STRINGS.plan;

/** What runs in place for a budget of flash: the curve, and a slider that chooses a point on it. */
export function PlanView(props: ViewProps): JSX.Element {
  const { imageIndex, kernel, route, facts, ask } = props;
  const [profiles, setProfiles] = useState<readonly ProfileFile[]>([]);
  const { runs = '', touched } = route.query;
  const parameters: PlanParameters | undefined = facts.withoutData
    ? undefined
    : {
        image: imageIndex,
        kernel,
        policy: 'linux-6.12',
        runs,
        touched: touched === 'all' || touched === 'start' ? touched : undefined,
        profiles,
        loader: 'auto',
      };
  const { value, problem, stale } = useAnswer(ask, 'plan', parameters);
  return (
    <div class="plan">
      <h2 class="hidden">{TEXT.title}</h2>
      {facts.withoutData && <p class="empty">{TEXT.withoutData}</p>}
      <WorkloadForm {...{ props, profiles, onProfiles: setProfiles, overview: value }} />
      {problem !== undefined && <ProblemBox problem={problem} />}
      {parameters !== undefined && stale && (
        <div class="plan-working" role="status">
          <p>{TEXT.working}</p>
          <div class="progress" />
        </div>
      )}
      {parameters !== undefined && value !== undefined && !stale && (
        <Budget {...{ props, parameters, overview: value }} />
      )}
    </div>
  );
}

interface BudgetProps {
  readonly props: ViewProps;
  readonly parameters: PlanParameters;
  readonly overview: PlanOverview;
}

function Budget({ props, parameters, overview }: BudgetProps): JSX.Element {
  const { ask, route, navigate } = props;
  const { curve, pageSize } = overview;
  const least = curve[0]!.flash;
  const most = curve.at(-1)!.flash;
  const asked = Number(route.query['budget'] ?? NaN);
  const linked = Number.isFinite(asked) ? Math.max(0, asked) : usualBudget(overview);
  // While the slider moves, the address does not change: browsers limit how often it may.
  const [moving, setMoving] = useState<number | undefined>();
  const budget = moving ?? linked;
  useEffect(() => {
    setMoving(undefined);
  }, [linked]);
  const { value: choice, problem } = useAnswer(ask, 'plan-budget', { ...parameters, budget });
  const settle = (flash: number): void => {
    setMoving(undefined);
    navigate(withQuery(route, { budget: String(flash) }), { replace: true });
  };
  const download = async (): Promise<void> => {
    saveText('xip-plan.txt', await ask('plan-text', { ...parameters, budget }));
  };
  return (
    <>
      <section class="panel">
        <h2>{TEXT.tradeOff}</h2>
        <Curve {...{ overview, budget, chosen: choice, onBudget: settle }} />
        <div class="plan-slider">
          <input
            type="range"
            aria-label={TEXT.budget}
            aria-valuetext={formatBytes(budget)}
            min={least}
            max={Math.max(most, least + pageSize)}
            step={pageSize}
            value={Math.max(least, Math.min(budget, most))}
            onInput={({ currentTarget }) => {
              setMoving(Number(currentTarget.value));
            }}
            onChange={({ currentTarget }) => {
              settle(Number(currentTarget.value));
            }}
          />
          <NumberField
            label={TEXT.budget}
            hint={TEXT.budgetHint}
            value={budget}
            format={String}
            width={10}
            onValue={(value) => {
              settle(value ?? usualBudget(overview));
            }}
          />
          <button
            class="button primary"
            type="button"
            title={TEXT.downloadHint}
            onClick={() => {
              void download();
            }}
          >
            {TEXT.download}
          </button>
        </div>
        {choice !== undefined && <Facts choice={choice} overview={overview} />}
        <p class="plan-note dim">
          {overview.exact ? TEXT.exact(curve.length) : TEXT.inexact(curve.length)}
        </p>
      </section>
      {problem !== undefined && <ProblemBox problem={problem} />}
      {choice !== undefined && (
        <section class="panel">
          <h2>{TEXT.parts}</h2>
          <Parts choice={choice} pageSize={pageSize} />
        </section>
      )}
      <Others overview={overview} onBudget={settle} />
    </>
  );
}

/** Returns the budget at the bend of the curve: more flash than that saves less RAM. */
function usualBudget({ named, curve }: PlanOverview): number {
  return (named.find(({ name }) => name === 'knee') ?? curve.at(-1)!).flash;
}

function Facts(props: {
  readonly choice: PlanChoice;
  readonly overview: PlanOverview;
}): JSX.Element {
  const { choice, overview } = props;
  const { flash, ram, gap, next } = choice;
  const saved = overview.nothing - ram;
  const step = formatBytes(next.flash.more);
  const { saves } = next.flash;
  return (
    <dl class="plan-facts">
      <div>
        <dt>{TEXT.image}</dt>
        <dd>
          {formatBytes(flash)}
          <span class="dim"> {TEXT.more(formatBytes(flash - overview.curve[0]!.flash))}</span>
        </dd>
      </div>
      <div>
        <dt>{TEXT.ramUse}</dt>
        <dd>
          {formatBytes(ram)}
          <span class="dim"> {gap === 0 ? TEXT.best : TEXT.gap(gap)}</span>
        </dd>
      </div>
      <div>
        <dt>{TEXT.saved}</dt>
        <dd class="good">{formatBytes(saved)}</dd>
      </div>
      <div>
        <dt class="hidden">{TEXT.nextLabel}</dt>
        <dd class="plan-next">
          {saves === 0 ? TEXT.nextNothing(step) : TEXT.next(step, formatBytes(saves))}
        </dd>
      </div>
    </dl>
  );
}

/** Programs of the workload, and parts that no budget puts in place. */
function Others(props: {
  readonly overview: PlanOverview;
  readonly onBudget: (flash: number) => void;
}): JSX.Element {
  const { programs, refusals } = props.overview;
  return (
    <>
      {programs.length > 0 && (
        <section class="panel">
          <h2>{TEXT.programs}</h2>
          <ul class="plan-list">
            {programs.map(({ command, flash, ram }, index) => (
              <li key={index}>
                <button
                  class="button"
                  type="button"
                  onClick={() => {
                    props.onBudget(flash);
                  }}
                >
                  {formatBytes(flash)}
                </button>
                <code class="clip">{command}</code>
                <span class="dim nowrap">
                  {TEXT.ramUse} {formatBytes(ram)}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {refusals.length > 0 && (
        <section class="panel">
          <h2>{TEXT.refusals}</h2>
          <ul class="plan-list">
            {refusals.map(({ message, pages, paths }) => (
              <li key={message} title={paths.join('\n')}>
                <span class="nowrap">{TEXT.refusal(pages, paths.length)}</span>
                <span>{message}</span>
                <code class="clip dim">{paths[0] ?? ''}</code>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
