import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PlanOverview } from '../../model/plan/answer.js';
import type { ProfileFile } from '../../model/plan/prepare.js';
import { Select } from '../laboratory/change-form.js';
import { withQuery } from '../router.js';
import { FileButton } from '../shell/drop-zone.js';
import { STRINGS } from '../strings/index.js';
import type { ViewProps } from '../view-props.js';

const TEXT = STRINGS.plan;
const TOUCHED = { '': TEXT.touchedAuto, all: TEXT.touchedAll, start: TEXT.touchedStart } as const;

/**
 * The programs, and profiles of the pages that they touch. Profiles stay in the page, because they
 * do not fit into an address.
 */
export function WorkloadForm(form: {
  readonly props: ViewProps;
  readonly profiles: readonly ProfileFile[];
  readonly onProfiles: (profiles: readonly ProfileFile[]) => void;
  readonly overview: PlanOverview | undefined;
}): JSX.Element {
  const { props, profiles, onProfiles, overview } = form;
  const { route, navigate } = props;
  const { runs = '', touched = '' } = route.query;
  const [text, setText] = useState(runs);
  useEffect(() => {
    setText(runs);
  }, [runs]);
  const load = async (files: readonly File[]): Promise<void> => {
    const read = await Promise.all(
      files.map(async (file) => ({ name: file.name, text: await file.text() })),
    );
    onProfiles([...profiles, ...read]);
  };
  return (
    <section class="panel">
      <h2>{TEXT.workload}</h2>
      <form
        class="plan-form"
        onSubmit={(event) => {
          event.preventDefault();
          const given = text.trim();
          navigate(withQuery(route, { runs: given === '' ? undefined : given, budget: undefined }));
        }}
      >
        <label class="plan-runs">
          <span class="field-label">{TEXT.runs}</span>
          <textarea
            class="mono"
            rows={3}
            title={TEXT.runsHint}
            placeholder={TEXT.runsPlaceholder}
            spellcheck={false}
            value={text}
            onInput={({ currentTarget }) => {
              setText(currentTarget.value);
            }}
          />
        </label>
        <div class="plan-options">
          <span class="field">
            <span class="field-label">{TEXT.touched}</span>
            <Select
              label={TEXT.touched}
              values={Object.keys(TOUCHED)}
              value={touched}
              text={(value) => TOUCHED[value as keyof typeof TOUCHED]}
              onValue={(value) => {
                navigate(withQuery(route, { touched: value === '' ? undefined : value }));
              }}
            />
          </span>
          <FileButton label={TEXT.profile} title={TEXT.profileHint} onFiles={load} />
          <button class="button primary" type="submit">
            {TEXT.apply}
          </button>
          <p class="dim">{TEXT.runsHint}</p>
        </div>
      </form>
      {profiles.length > 0 && (
        <ul class="plan-list">
          {profiles.map(({ name }, index) => {
            const facts = overview?.profiles.find(({ source }) => source === name);
            return (
              <li key={`${name} ${index}`}>
                <button
                  class="button"
                  type="button"
                  aria-label={TEXT.removeProfile(name)}
                  onClick={() => {
                    onProfiles(profiles.filter((_, other) => other !== index));
                  }}
                >
                  ×
                </button>
                <span class="mono">{name}</span>
                {facts !== undefined && (
                  <span class="dim">
                    {TEXT.profileFacts(facts.files, facts.format)}
                    {facts.neighbours && `; ${TEXT.neighbours}`}
                  </span>
                )}
                {facts?.problems.map((problem) => (
                  <span key={problem} class="warn">
                    {problem}
                  </span>
                ))}
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
