import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Access } from '../../model/laboratory/steps.js';
import { touchLine } from '../../model/laboratory/steps.js';
import type { LabState } from '../../model/laboratory/snapshot.js';
import type { LaboratoryParameters } from '../../worker/laboratory.js';
import { withQuery, type Route } from '../router.js';
import { FileButton } from '../shell/drop-zone.js';
import { Choice } from '../shared/field.js';
import { formatBytes } from '../shared/format.js';
import { ProblemBox } from '../shared/problem-box.js';
import { saveText } from '../shared/save.js';
import { STRINGS } from '../strings/index.js';
import { useAnswer } from '../use-answer.js';
import type { ViewProps } from '../view-props.js';
import { Areas, Totals } from './areas.js';
import { ChangeForm, ProcessForm, Select } from './change-form.js';
import { Log } from './log.js';
import { DEVICES, MapForm, type Device } from './map-form.js';
import { Picture } from './picture.js';
import { scriptOf, withScript, withSteps, type Script } from './script.js';

const TEXT = STRINGS.laboratory;
/** Milliseconds between two steps of a replay. */
const PACE = 700;

/** Mappings on an emulated kernel, step by step. The address holds the whole session. */
export function LaboratoryView(props: ViewProps): JSX.Element {
  const { ask, imageIndex, route, navigate, facts } = props;
  const script = scriptOf(route);
  const parameters = parametersOf(props, script);
  const { value, problem } = useAnswer(ask, 'laboratory', parameters);
  const [mode, setMode] = useState<Access>('r');
  const [device, setDevice] = useState<Device>('mtd');
  const programs = useAnswer(ask, 'programs', { image: imageIndex }).value;

  const goTo = (next: Script, replace = false): void => {
    navigate(withScript(route, next), { replace });
  };
  const step = (lines: readonly string[]): void => {
    goTo(withSteps(script, lines));
  };
  const undo = (): void => {
    if (script.at > 0) goTo({ ...script, at: script.at - 1 });
  };
  const show = (changes: Readonly<Record<string, string | undefined>>): void => {
    navigate(withQuery(route, changes), { replace: true });
  };
  const { state } = value ?? {};
  return (
    <div class="lab">
      <h2 class="hidden">{TEXT.title}</h2>
      <Toolbar {...{ props, script, goTo, undo, parameters }} />
      <KernelBar {...{ props, device, onDevice: setDevice, options: value?.options, state }} />
      {facts.withoutData && <p class="notice">{TEXT.withoutData}</p>}
      {problem !== undefined && <ProblemBox problem={problem} />}
      {state !== undefined && (
        <div class="lab-body">
          <div class="lab-side">
            <section class="panel">
              <h2>{TEXT.map}</h2>
              <MapForm {...{ state, device, programs, path: route.path, onSteps: step }} />
            </section>
            <section class="panel">
              <h2>{TEXT.change}</h2>
              <ChangeForm state={state} onSteps={step} />
            </section>
            <section class="panel">
              <h2>{TEXT.process}</h2>
              <ProcessForm state={state} onSteps={step} />
            </section>
          </div>
          <section class="panel lab-middle">
            <div class="lab-head">
              <h2>{TEXT.picture}</h2>
              <Mappings
                state={state}
                onShow={(id) => {
                  show({ id, page: undefined });
                }}
              />
              <span class="spring" />
              <span class="field-label" aria-hidden="true">
                {TEXT.touchMode}
              </span>
              <Choice
                label={TEXT.touchMode}
                options={(['r', 'w', 'x'] as const).map((each) => ({
                  value: each,
                  label: TEXT.modes[each],
                }))}
                value={mode}
                onValue={setMode}
              />
            </div>
            {state.over && <p class="problem">{TEXT.over}</p>}
            {state.picture === undefined ? (
              <div class="empty">
                <p>{TEXT.nothingMapped}</p>
                <p class="dim">{TEXT.emptyHint}</p>
              </div>
            ) : (
              <>
                <Picture
                  picture={state.picture}
                  mode={mode}
                  onTouch={(page, access) => {
                    step([touchLine(state.picture!.id, page, access)]);
                  }}
                  onUndo={undo}
                  onFirst={(page) => {
                    show({ page: String(page) });
                  }}
                />
                <p class="lab-hint dim">{TEXT.touchHint}</p>
              </>
            )}
            <Totals totals={state.totals} />
            <h3 class="lab-areas-title" title={TEXT.areasHint}>
              {TEXT.areas}
            </h3>
            <Areas
              areas={state.areas}
              shown={state.picture?.id}
              onShow={(id) => {
                show({ id, page: undefined });
              }}
            />
          </section>
          <section class="panel lab-log-panel">
            <h2>{TEXT.log}</h2>
            <Log
              script={script}
              entries={state.log}
              pageSize={state.pageSize}
              onStep={(at) => {
                goTo({ ...script, at });
              }}
            />
          </section>
        </div>
      )}
    </div>
  );
}

function parametersOf(
  { imageIndex, kernel, route }: ViewProps,
  { lines, at }: Script,
): LaboratoryParameters {
  const { policy, arch, pages, id, page } = route.query;
  return {
    image: imageIndex,
    kernel,
    policy,
    arch,
    pageSize: pages === undefined ? undefined : Number(pages),
    lines: lines.slice(0, at),
    focus: { id, page: page === undefined ? undefined : Number(page) },
  };
}

/** The mappings by their IDs, to choose the one in the picture. */
function Mappings(props: {
  readonly state: LabState;
  readonly onShow: (id: string) => void;
}): JSX.Element {
  const { mappings, picture } = props.state;
  return (
    <div class="lab-mappings" role="group" aria-label={TEXT.mapping}>
      {mappings.map(({ id, gone }) => (
        <button
          key={id}
          type="button"
          class="lab-id"
          aria-pressed={id === picture?.id}
          title={gone ? TEXT.gone : undefined}
          onClick={() => {
            props.onShow(id);
          }}
        >
          {gone ? <s>{id}</s> : id}
        </button>
      ))}
    </div>
  );
}

interface ToolbarProps {
  readonly props: ViewProps;
  readonly script: Script;
  readonly parameters: LaboratoryParameters;
  readonly goTo: (script: Script, replace?: boolean) => void;
  readonly undo: () => void;
}

/** Steps through the session, exports and imports it. */
function Toolbar({ props, script, parameters, goTo, undo }: ToolbarProps): JSX.Element {
  const { ask, route, navigate } = props;
  const { lines, at } = script;
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return;
    if (at >= lines.length) {
      setPlaying(false);
      return;
    }
    const timer = setTimeout(() => {
      goTo({ ...script, at: at + 1 }, true);
    }, PACE);
    return () => {
      clearTimeout(timer);
    };
  }, [playing, at, lines.length]);

  const importFiles = async ([file]: readonly File[]): Promise<void> => {
    if (file === undefined) return;
    const { options, lines: given } = await ask('laboratory-import', { text: await file.text() });
    const next = withScript(route, { lines: given, at: given.length });
    navigate(options === undefined ? next : withQuery(next, queryOf(options)));
  };
  const exportFile = async (): Promise<void> => {
    saveText('session.scn', await ask('laboratory-export', parameters));
  };
  return (
    <div class="lab-toolbar" role="toolbar" aria-label={TEXT.session}>
      <button class="button" type="button" disabled={at === 0} onClick={undo}>
        {TEXT.undo}
      </button>
      <button
        class="button"
        type="button"
        disabled={at >= lines.length}
        onClick={() => {
          goTo({ ...script, at: at + 1 });
        }}
      >
        {TEXT.redo}
      </button>
      <button
        class="button"
        type="button"
        disabled={lines.length === 0}
        onClick={() => {
          if (!playing && at >= lines.length) goTo({ ...script, at: 0 }, true);
          setPlaying(!playing);
        }}
      >
        {playing ? TEXT.stop : TEXT.replay}
      </button>
      <span class="dim" role="status">
        {lines.length === 0 ? '' : TEXT.position(at, lines.length)}
      </span>
      <span class="spring" />
      <FileButton label={TEXT.importFile} title={TEXT.importHint} onFiles={importFiles} />
      <button
        class="button"
        type="button"
        title={TEXT.exportHint}
        disabled={at === 0}
        onClick={() => {
          void exportFile();
        }}
      >
        {TEXT.exportFile}
      </button>
      <button
        class="button"
        type="button"
        disabled={lines.length === 0}
        onClick={() => {
          goTo({ lines: [], at: 0 });
        }}
      >
        {TEXT.clear}
      </button>
    </div>
  );
}

type LabOptions = NonNullable<ReturnType<typeof useAnswer<'laboratory'>>['value']>['options'];

/** Returns the query for the kernel of a scenario. */
function queryOf({ mmu, policy, arch, pageSize, physAddr }: LabOptions): Route['query'] {
  return {
    mmu: mmu ? 'yes' : 'no',
    policy,
    arch,
    pages: String(pageSize),
    phys: `0x${physAddr.toString(16)}`,
  };
}

interface KernelBarProps {
  readonly props: ViewProps;
  readonly device: Device;
  readonly onDevice: (device: Device) => void;
  readonly options: LabOptions | undefined;
  readonly state: LabState | undefined;
}

/**
 * The kernel, and the device that the image is mounted from. If another one is chosen, it performs
 * the same steps.
 */
function KernelBar({ props, device, onDevice, options, state }: KernelBarProps): JSX.Element {
  const { ask, route, navigate } = props;
  const choices = useAnswer(ask, 'kernel-choices', {}).value;
  if (choices === undefined || options === undefined) return <div class="lab-kernel" />;
  const { policy, arch, pageSize } = options;
  const { pageSizes } = choices.architectures.find(({ name }) => name === arch)!;
  const change = (changes: Readonly<Record<string, string | undefined>>): void => {
    navigate(withQuery(route, changes));
  };
  return (
    <div class="lab-kernel" role="group" aria-label={TEXT.kernel}>
      <Select
        label={TEXT.policy}
        values={choices.policies}
        value={policy}
        onValue={(value) => {
          change({ policy: value === choices.policies[0] ? undefined : value });
        }}
      />
      <Select
        label={TEXT.arch}
        values={choices.architectures.map(({ name }) => name)}
        value={arch}
        onValue={(value) => {
          change({ arch: value, pages: undefined });
        }}
      />
      <Select
        label={TEXT.pageSize}
        values={[...new Set([...pageSizes, pageSize])].map(String)}
        value={String(pageSize)}
        text={(value) => `${TEXT.pageSize}: ${formatBytes(Number(value))}`}
        onValue={(value) => {
          change({ pages: value });
        }}
      />
      {state?.mounted !== true && (
        <Select
          label={TEXT.device}
          values={DEVICES}
          value={device}
          text={(value) => TEXT.devices[value as Device]}
          onValue={(value) => {
            onDevice(value as Device);
          }}
        />
      )}
    </div>
  );
}
