import { nameToText, textToName } from 'cramfs-format';
import type { JSX } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';
import type { LabState } from '../../model/laboratory/snapshot.js';
import {
  mmapLine,
  mountLine,
  nextFd,
  nextHint,
  nextId,
  openLine,
} from '../../model/laboratory/steps.js';
import type { ProgramList } from '../../model/program/list.js';
import { Choice, NumberField } from '../shared/field.js';
import { formatHex } from '../shared/format.js';
import { STRINGS } from '../strings/index.js';
import { PageRange } from './page-range.js';

const TEXT = STRINGS.laboratory;

/** Kinds of `mount` that need only the image. */
export const DEVICES = Object.keys(TEXT.devices) as readonly (keyof typeof TEXT.devices)[];
export type Device = (typeof DEVICES)[number];

interface MapFormProps {
  readonly state: LabState;
  readonly device: Device;
  readonly programs: ProgramList | undefined;
  /** The file that the link to this view named: a byte string. */
  readonly path: string | undefined;
  readonly onSteps: (lines: readonly string[]) => void;
}

const FLAGS = ['fixed', 'populate'] as const;

/**
 * The arguments of mmap(2). The image is mounted and the file is opened first, if they are not yet.
 */
export function MapForm({ state, device, programs, path, onSteps }: MapFormProps): JSX.Element {
  const listId = useId();
  const [file, setFile] = useState(path === undefined ? '' : nameToText(path));
  const [prot, setProt] = useState({ r: true, w: false, x: false });
  const [sharing, setSharing] = useState<'private' | 'shared'>('private');
  const [flags, setFlags] = useState<Readonly<Record<string, boolean>>>({});
  const [pgoff, setPgoff] = useState(0);
  const [pages, setPages] = useState<number | undefined>();
  const [address, setAddress] = useState<number | undefined>();
  useEffect(() => {
    const first = programs?.programs[0];
    if (file === '' && path === undefined && first !== undefined) setFile(first.text);
  }, [programs]);

  const submit = (event: Event): void => {
    event.preventDefault();
    const { pageSize, mounted, files, mappings, mmu } = state;
    const before = mounted ? [] : [mountLine(device)];
    const letters = (['r', 'w', 'x'] as const).filter((letter) => prot[letter]).join('');
    const words = [sharing, ...FLAGS.filter((flag) => flags[flag] === true)];
    const request = {
      prot: letters,
      flags: words,
      pgoff,
      address: address ?? (mmu ? nextHint(mappings, pageSize) : undefined),
    };
    const id = nextId(mappings);
    if (file.trim() === '') {
      onSteps([
        ...before,
        mmapLine(id, { ...request, fd: undefined, length: (pages ?? 4) * pageSize }),
      ]);
      return;
    }
    const word = relative(file);
    const known = files.find(({ path: open }) => open.endsWith(`/${word}`) || open === word);
    const fd = known?.fd ?? nextFd(files);
    const size = known?.size ?? sizeOf(programs, file);
    const rest = size === undefined ? 4 : Math.max(1, Math.ceil(size / pageSize) - pgoff);
    const isWritten = sharing === 'shared' && prot.w;
    onSteps([
      ...before,
      ...(known === undefined ? [openLine(fd, word, isWritten ? 'rw' : 'r')] : []),
      mmapLine(id, { ...request, fd, length: (pages ?? rest) * pageSize }),
    ]);
  };

  return (
    <form class="lab-form" onSubmit={submit}>
      <label class="field lab-wide">
        <span class="field-label">{TEXT.file}</span>
        <input
          class="mono"
          type="text"
          list={listId}
          value={file}
          title={TEXT.fileHint}
          placeholder={TEXT.anonymous}
          spellcheck={false}
          autocomplete="off"
          onInput={({ currentTarget }) => {
            setFile(currentTarget.value);
          }}
        />
        <datalist id={listId}>
          {programs?.programs.slice(0, 1000).map(({ text }) => (
            <option key={text} value={text} />
          ))}
        </datalist>
      </label>
      <fieldset>
        <legend class="field-label">{TEXT.protection}</legend>
        {(
          [
            ['r', TEXT.read],
            ['w', TEXT.write],
            ['x', TEXT.exec],
          ] as const
        ).map(([letter, label]) => (
          <label key={letter} class="check">
            <input
              type="checkbox"
              checked={prot[letter]}
              onChange={({ currentTarget }) => {
                setProt({ ...prot, [letter]: currentTarget.checked });
              }}
            />
            {label}
          </label>
        ))}
      </fieldset>
      <div class="lab-row">
        <Choice
          label={TEXT.sharing}
          options={[
            { value: 'private', label: TEXT.private },
            { value: 'shared', label: TEXT.shared },
          ]}
          value={sharing}
          onValue={setSharing}
        />
      </div>
      <div class="lab-row">
        {FLAGS.map((flag) => (
          <label key={flag} class="check">
            <input
              type="checkbox"
              checked={flags[flag] === true}
              onChange={({ currentTarget }) => {
                setFlags({ ...flags, [flag]: currentTarget.checked });
              }}
            />
            {TEXT[flag]}
          </label>
        ))}
      </div>
      <PageRange
        label={TEXT.offset}
        first={pgoff}
        onFirst={setPgoff}
        pagesLabel={TEXT.length}
        pagesHint={TEXT.lengthHint}
        pages={pages}
        onPages={setPages}
      />
      <div class="lab-row">
        <NumberField
          label={TEXT.hint}
          hint={TEXT.hintHint}
          value={address}
          format={formatHex}
          width={10}
          onValue={setAddress}
        />
        <button class="button primary" type="submit">
          {TEXT.doMap}
        </button>
      </div>
    </form>
  );
}

/** Returns a path as the scenario opens it: a relative one starts at the mount point. */
function relative(text: string): string {
  return text.trim().replace(/^\/+/, '');
}

function sizeOf(programs: ProgramList | undefined, text: string): number | undefined {
  const path = textToName(`/${relative(text)}`);
  return programs?.programs.find((each) => each.path === path)?.size;
}
