import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { FileRun, RunState } from '../../model/program/run.js';
import type { ProgramParameters } from '../../worker/program.js';
import { withQuery } from '../router.js';
import { formatBytes, formatCount, formatHex } from '../shared/format.js';
import { ProblemBox } from '../shared/problem-box.js';
import { STRINGS } from '../strings/index.js';
import { useAnswer } from '../use-answer.js';
import type { ViewProps } from '../view-props.js';

const TEXT = STRINGS.program;
const STEPS = [1, 1000, 1_000_000] as const;
/** Instructions between two updates of the page. They take less than a second. */
const TURN = 10_000_000;

/**
 * Executes the program. The number of instructions is in the address, so a link shows the same
 * moment.
 */
export function RunPanel(props: {
  readonly view: ViewProps;
  readonly parameters: ProgramParameters;
  readonly pageSize: number;
}): JSX.Element {
  const { view, parameters, pageSize } = props;
  const { ask, route, navigate } = view;
  const given = route.query['run'];
  const to = given === undefined ? undefined : Math.max(0, Math.floor(Number(given) || 0));
  const [going, setGoing] = useState(false);
  const { value, problem, stale } = useAnswer(
    ask,
    'program-run',
    to === undefined ? undefined : { ...parameters, to },
  );
  const hasEnded = value?.end !== undefined;
  const goTo = (instructions: number | undefined): void => {
    const run = instructions === undefined ? undefined : String(instructions);
    navigate(withQuery(route, { run }), { replace: true });
  };
  useEffect(() => {
    if (!going || stale) return;
    if (hasEnded || problem !== undefined) setGoing(false);
    else goTo((to ?? 0) + TURN);
  }, [going, stale, to, hasEnded, problem]);
  const at = value?.executed ?? 0;
  return (
    <section class="panel run">
      <h2>{TEXT.run}</h2>
      <div class="run-bar" role="toolbar" aria-label={TEXT.run}>
        {STEPS.map((step) => (
          <button
            key={step}
            class="button"
            type="button"
            disabled={hasEnded || going}
            onClick={() => {
              goTo(at + step);
            }}
          >
            {TEXT.runStep(formatCount(step))}
          </button>
        ))}
        <button
          class="button primary"
          type="button"
          disabled={hasEnded}
          onClick={() => {
            if (!going && to === undefined) goTo(TURN);
            setGoing(!going);
          }}
        >
          {going ? TEXT.runPause : TEXT.runOn}
        </button>
        <button
          class="button"
          type="button"
          disabled={to === undefined}
          onClick={() => {
            setGoing(false);
            goTo(undefined);
          }}
        >
          {TEXT.runAgain}
        </button>
      </div>
      {problem !== undefined && <ProblemBox problem={problem} />}
      {to !== undefined && value !== undefined && <Moment state={value} pageSize={pageSize} />}
    </section>
  );
}

function Moment(props: { readonly state: RunState; readonly pageSize: number }): JSX.Element {
  const { state, pageSize } = props;
  const { executed, pc, end, output, files, ramPages, romPages, processes } = state;
  const most = Math.max(1, ...files.map(({ pages }) => pages));
  return (
    <>
      <p class="run-facts" role="status">
        <span>{TEXT.runExecuted(formatCount(executed))}</span>
        <span class="mono">pc {formatHex(pc)}</span>
        <span>{end === undefined ? TEXT.runRunning(processes) : TEXT.runEnded(end)}</span>
        <span>{TEXT.runRam(formatBytes(ramPages * pageSize))}</span>
        <span>{TEXT.runRom(formatBytes(romPages * pageSize))}</span>
      </p>
      <ul class="run-files">
        {files.map((file) => (
          <FilePages key={file.text} file={file} most={most} />
        ))}
      </ul>
      <p class="costs-legend">
        <span>
          <i class="swatch u-fetched" /> {TEXT.fetched}
        </span>
        <span>
          <i class="swatch u-read" /> {TEXT.readPages}
        </span>
        <span>
          <i class="swatch u-written" /> {TEXT.writtenPages}
        </span>
        <span>
          <i class="swatch u-fetched in-ram" /> {TEXT.inRam}
        </span>
      </p>
      <h3 class="run-output-title">{TEXT.runOutput}</h3>
      <pre class="run-output" tabIndex={0}>
        {output === '' ? TEXT.runSilent : output}
      </pre>
    </>
  );
}

/** A file as a strip of its pages. Pages that were used light up. */
function FilePages(props: { readonly file: FileRun; readonly most: number }): JSX.Element {
  const { text, runs, used, inRom, pages } = props.file;
  return (
    <li>
      <span class="mono clip" title={text}>
        {text}
      </span>
      <span class="run-strip" style={{ width: `${Math.max(4, (100 * pages) / props.most)}%` }}>
        {runs.map(({ kind, inRom: rom, pages: count }, index) => (
          <i
            key={index}
            class={`u-${kind}${rom || kind === 'none' ? '' : ' in-ram'}`}
            style={{ flexGrow: count }}
          />
        ))}
      </span>
      <span class="dim nowrap">{TEXT.runUsed(used, inRom)}</span>
    </li>
  );
}
