import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { LabState } from '../../model/laboratory/snapshot.js';
import { mremapLine, rangeLine, readLine } from '../../model/laboratory/steps.js';
import { NumberField } from '../shared/field.js';
import { STRINGS } from '../strings/index.js';
import { PageRange } from './page-range.js';

const TEXT = STRINGS.laboratory;

const ADVICE = [
  'dontneed',
  'willneed',
  'free',
  'populate_r',
  'populate_w',
  'normal',
  'random',
  'sequential',
];
const PROTECTIONS = ['r', 'rw', 'rx', 'rwx', '-'];

interface ChangeProps {
  readonly state: LabState;
  readonly onSteps: (lines: readonly string[]) => void;
}

/** Operations on the mapping that is shown. */
export function ChangeForm({ state, onSteps }: ChangeProps): JSX.Element {
  const { picture, pageSize } = state;
  const [from, setFrom] = useState(0);
  const [pages, setPages] = useState<number | undefined>();
  const [prot, setProt] = useState('rw');
  const [advice, setAdvice] = useState('dontneed');
  const [size, setSize] = useState<number | undefined>();
  if (picture === undefined) return <p class="empty">{TEXT.noMapping}</p>;
  const { id, total } = picture;
  const first = Math.min(from, total - 1);
  const range = {
    id,
    offset: first * pageSize,
    length: (pages ?? total - first) * pageSize,
  };
  const act = (line: string): void => {
    onSteps([line]);
  };
  return (
    <div class="lab-form">
      <PageRange
        label={TEXT.fromPage}
        first={from}
        onFirst={setFrom}
        pagesLabel={TEXT.pages}
        pagesHint={TEXT.allPages}
        pages={pages}
        onPages={setPages}
      />
      <div class="lab-row">
        <Act
          label={TEXT.munmap}
          onClick={() => {
            act(rangeLine('munmap', range));
          }}
        />
        <Act
          label={TEXT.msync}
          onClick={() => {
            act(rangeLine('msync', range));
          }}
        />
      </div>
      <div class="lab-row">
        <Select label={TEXT.protection} values={PROTECTIONS} value={prot} onValue={setProt} />
        <Act
          label={TEXT.mprotect}
          onClick={() => {
            act(rangeLine('mprotect', range, prot));
          }}
        />
      </div>
      <div class="lab-row">
        <Select label={TEXT.madvise} values={ADVICE} value={advice} onValue={setAdvice} />
        <Act
          label={TEXT.madvise}
          onClick={() => {
            act(rangeLine('madvise', range, advice));
          }}
        />
      </div>
      <div class="lab-row">
        <NumberField
          label={TEXT.newPages}
          value={size}
          format={String}
          min={1}
          width={4}
          onValue={setSize}
        />
        <Act
          label={TEXT.mremap}
          onClick={() => {
            act(mremapLine(id, (size ?? total) * pageSize, ['maymove']));
          }}
        />
      </div>
    </div>
  );
}

/** Processes and open files. */
export function ProcessForm({ state, onSteps }: ChangeProps): JSX.Element {
  const { processes, current, files, mounted } = state;
  const [line, setLine] = useState('');
  return (
    <div class="lab-form">
      <div class="lab-row">
        <Act
          label={TEXT.fork}
          title={TEXT.forkHint}
          disabled={!mounted}
          onClick={() => {
            onSteps(['fork']);
          }}
        />
        <Act
          label={TEXT.end}
          title={TEXT.forkHint}
          disabled={processes.length < 2}
          onClick={() => {
            onSteps(['end']);
          }}
        />
        {processes.length > 1 &&
          processes.map((process) => (
            <button
              key={process}
              type="button"
              class="button"
              aria-pressed={process === current}
              onClick={() => {
                onSteps([`switch ${process}`]);
              }}
            >
              {TEXT.switchTo(process)}
            </button>
          ))}
      </div>
      {files.map(({ fd, path, size }) => (
        <div key={fd} class="lab-row">
          <span class="lab-fd mono">{fd}</span>
          <span class="clip mono" title={path}>
            {path}
          </span>
          <Act
            label={TEXT.readFile}
            title={TEXT.readFileHint}
            onClick={() => {
              onSteps([readLine(fd, 0, size)]);
            }}
          />
        </div>
      ))}
      <form
        class="lab-row"
        onSubmit={(event) => {
          event.preventDefault();
          if (line.trim() === '') return;
          onSteps([line.trim()]);
          setLine('');
        }}
      >
        <label class="field lab-wide">
          <span class="hidden">{TEXT.line}</span>
          <input
            class="mono"
            type="text"
            placeholder={TEXT.line}
            title={TEXT.lineHint}
            value={line}
            spellcheck={false}
            autocomplete="off"
            onInput={({ currentTarget }) => {
              setLine(currentTarget.value);
            }}
          />
        </label>
        <button class="button" type="submit">
          {TEXT.perform}
        </button>
      </form>
    </div>
  );
}

function Act(props: {
  readonly label: string;
  readonly title?: string;
  readonly disabled?: boolean;
  readonly onClick: () => void;
}): JSX.Element {
  const { label, title, disabled = false, onClick } = props;
  return (
    <button type="button" class="button" title={title} disabled={disabled} onClick={onClick}>
      {label}
    </button>
  );
}

function itself(text: string): string {
  return text;
}

export function Select(props: {
  readonly label: string;
  readonly values: readonly string[];
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly text?: (value: string) => string;
}): JSX.Element {
  const { label, values, value, onValue, text = itself } = props;
  return (
    <select
      aria-label={label}
      title={label}
      value={value}
      onChange={({ currentTarget }) => {
        onValue(currentTarget.value);
      }}
    >
      {values.map((each) => (
        <option key={each} value={each}>
          {text(each)}
        </option>
      ))}
    </select>
  );
}
