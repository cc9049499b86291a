import { nameToText } from 'cramfs-format';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ExplainedProgram } from '../../model/program/explain.js';
import { Select } from '../laboratory/change-form.js';
import { formatRoute, routeTo, withQuery, type Route } from '../router.js';
import { ProblemBox } from '../shared/problem-box.js';
import { STRINGS } from '../strings/index.js';
import { useAnswer } from '../use-answer.js';
import type { ViewProps } from '../view-props.js';
import { AddressSpace } from './address-space.js';
import { Chooser } from './chooser.js';
import { Costs } from './costs.js';
import { RunPanel } from './run-panel.js';

const TEXT = STRINGS.program;
const LOADERS = Object.keys(TEXT.loaders) as readonly (keyof typeof TEXT.loaders)[];
/** The option for the program's own architecture. */
const AUTO = '';

/** A program, its loader and libraries in memory, and what they cost. */
export function ProgramView(props: ViewProps): JSX.Element {
  const { ask, imageIndex, kernel, route, navigate } = props;
  const list = useAnswer(ask, 'programs', { image: imageIndex });
  const { args = '', arch, policy, loader, libraries = '' } = route.query;
  const path = route.path ?? list.value?.programs[0]?.path;
  const parameters =
    path === undefined
      ? undefined
      : { image: imageIndex, kernel, path, args, arch, policy, loader, libraryPath: libraries };
  const { value, problem, stale } = useAnswer(ask, 'program', parameters);
  return (
    <div class="program">
      <h2 class="hidden">{TEXT.title}</h2>
      <div class="program-bar">
        <Chooser
          list={list.value}
          path={path}
          onPath={(chosen) => {
            navigate(withQuery({ ...route, path: chosen }, { run: undefined }));
          }}
        />
        <Options {...props} />
      </div>
      {list.value?.programs.length === 0 && <p class="empty">{TEXT.none}</p>}
      {problem !== undefined && <ProblemBox problem={problem} />}
      {value === undefined ? (
        path !== undefined &&
        problem === undefined && (
          <p class="empty" role="status">
            {TEXT.working}
          </p>
        )
      ) : (
        <>
          <Explained explained={value} path={path!} stale={stale} route={route} />
          {parameters !== undefined && value.total !== undefined && (
            <RunPanel view={props} parameters={parameters} pageSize={value.pageSize} />
          )}
        </>
      )}
    </div>
  );
}

function Options({ ask, route, navigate }: ViewProps): JSX.Element {
  const choices = useAnswer(ask, 'kernel-choices', {}).value;
  const { args, arch = AUTO, policy, loader = 'auto', libraries } = route.query;
  const change = (changes: Readonly<Record<string, string | undefined>>): void => {
    navigate(withQuery(route, changes));
  };
  return (
    <div class="program-options">
      <TextField
        label={TEXT.args}
        value={args ?? ''}
        onValue={(value) => {
          change({ args: value === '' ? undefined : value });
        }}
      />
      <Select
        label={TEXT.arch}
        values={[AUTO, ...(choices?.architectures ?? []).map(({ name }) => name)]}
        value={arch}
        text={(value) => (value === AUTO ? TEXT.archAuto : value)}
        onValue={(value) => {
          change({ arch: value === AUTO ? undefined : value });
        }}
      />
      <Select
        label={TEXT.policy}
        values={choices?.policies ?? []}
        value={policy ?? choices?.policies[0] ?? ''}
        onValue={(value) => {
          change({ policy: value === choices?.policies[0] ? undefined : value });
        }}
      />
      <Select
        label={TEXT.loader}
        values={LOADERS}
        value={loader}
        text={(value) => TEXT.loaders[value as keyof typeof TEXT.loaders]}
        onValue={(value) => {
          change({ loader: value === 'auto' ? undefined : value });
        }}
      />
      <TextField
        label={TEXT.libraryPath}
        value={libraries ?? ''}
        onValue={(value) => {
          change({ libraries: value === '' ? undefined : value });
        }}
      />
    </div>
  );
}

/** A labelled field whose text takes effect on Enter, or when the focus leaves it. */
function TextField(props: {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
}): JSX.Element {
  const { label, value, onValue } = props;
  const [text, setText] = useState(value);
  useEffect(() => {
    setText(value);
  }, [value]);
  return (
    <label class="field">
      <span class="field-label">{label}</span>
      <input
        class="mono"
        type="text"
        size={12}
        value={text}
        spellcheck={false}
        autocomplete="off"
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
        }}
        onChange={() => {
          onValue(text.trim());
        }}
      />
    </label>
  );
}

function Explained(props: {
  readonly explained: ExplainedProgram;
  readonly path: string;
  readonly stale: boolean;
  readonly route: Route;
}): JSX.Element {
  const { explained, path, stale, route } = props;
  const { problems, arch, recorded, command, total } = explained;
  return (
    <div class={stale ? 'program-body stale' : 'program-body'} aria-busy={stale}>
      <div class="program-head">
        <h3 class="mono">{nameToText(path)}</h3>
        <span class="dim">
          {arch}
          {recorded ? '' : `, ${TEXT.notRecorded}`}
        </span>
        <a href={formatRoute(routeTo(route, 'lab', path))}>{TEXT.inLaboratory}</a>
      </div>
      {problems.length > 0 && (
        <div class="problem" role="alert">
          <strong>{TEXT.problems}</strong>
          {problems.map((problem) => (
            <p key={problem}>{problem}</p>
          ))}
        </div>
      )}
      {total !== undefined && (
        <div class="program-columns">
          <AddressSpace explained={explained} />
          <Costs explained={explained} total={total} />
        </div>
      )}
      <p class="program-command">
        <span class="dim">{TEXT.command}: </span>
        <code>{command}</code>
      </p>
    </div>
  );
}
