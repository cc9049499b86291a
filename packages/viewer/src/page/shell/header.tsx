import type { JSX } from 'preact';
import type { ImageFacts } from '../../model/facts.js';
import { DEFAULT_PHYS, type Kernel } from '../../model/kernel.js';
import type { OpenedImages } from '../../worker/open.js';
import type { Ask } from '../ask.js';
import { routeTo, withQuery, type Navigate, type Route } from '../router.js';
import { Choice, NumberField } from '../shared/field.js';
import { formatBytes, formatHex } from '../shared/format.js';
import { STRINGS } from '../strings/index.js';
import { useTheme } from '../theme.js';
import { FileButton } from './drop-zone.js';
import { GoTo } from './go-to.js';

export interface HeaderProps {
  readonly ask: Ask;
  readonly opened: OpenedImages;
  readonly imageIndex: number;
  readonly facts: ImageFacts | undefined;
  readonly kernel: Kernel;
  readonly route: Route;
  readonly navigate: Navigate;
  readonly openFiles: (files: readonly File[]) => Promise<void>;
}

/** The image, the facts about it, and the kernel that it is shown for. */
export function Header(props: HeaderProps): JSX.Element {
  const { ask, opened, imageIndex, facts, kernel, route, navigate, openFiles } = props;
  return (
    <header class="header">
      <span class="mark" aria-hidden="true">
        <i />
        <i />
        <i />
        <i />
      </span>
      <h1>{facts === undefined ? STRINGS.shell.product : <ImageName />}</h1>
      {facts !== undefined && <Facts facts={facts} />}
      <span class="spring" />
      {facts !== undefined && <GoTo {...{ ask, route, navigate }} image={imageIndex} />}
      {facts !== undefined && <KernelFields {...{ kernel, route, navigate }} />}
      {facts !== undefined && (
        <FileButton
          label={STRINGS.shell.openAnother}
          title={STRINGS.shell.openAnotherHint}
          onFiles={openFiles}
        />
      )}
      <ThemeButton />
    </header>
  );

  function ImageName(): JSX.Element {
    if (opened.images.length < 2) return <span title={facts!.title}>{facts!.title}</span>;
    return (
      <select
        aria-label={STRINGS.shell.image}
        value={imageIndex}
        onChange={({ currentTarget }) => {
          const image = String(Number(currentTarget.value) + 1);
          navigate(withQuery(routeTo(route, route.view, route.path), { image }));
        }}
      >
        {opened.images.map(({ title }, index) => (
          <option key={index} value={index}>
            {title}
          </option>
        ))}
      </select>
    );
  }
}

function Facts({ facts }: { readonly facts: ImageFacts }): JSX.Element {
  const { size, statedSize, endianness, blockSize, dialect, volume, withoutData } = facts;
  const isCutOff = statedSize > size;
  return (
    <p class="facts">
      <span>{formatBytes(size)}</span>
      <span>{STRINGS.shell.blockSize(formatBytes(blockSize))}</span>
      <span>{endianness === 'little' ? STRINGS.shell.little : STRINGS.shell.big}</span>
      {dialect !== 'standard' && <span>{dialect}</span>}
      {volume !== '' && volume !== 'Compressed' && <span>{volume}</span>}
      {isCutOff && <span class="bad">{STRINGS.shell.cutOff}</span>}
      {withoutData && <span>{STRINGS.shell.withoutData}</span>}
    </p>
  );
}

type KernelFieldsProps = Pick<HeaderProps, 'kernel' | 'route' | 'navigate'>;

function KernelFields({ kernel, route, navigate }: KernelFieldsProps): JSX.Element {
  const { mmu, physAddr } = kernel;
  return (
    <div class="kernel">
      <Choice
        label={STRINGS.shell.kernel}
        options={[
          { value: 'yes', label: STRINGS.shell.withMmu },
          { value: 'no', label: STRINGS.shell.withoutMmu },
        ]}
        value={mmu ? 'yes' : 'no'}
        onValue={(value) => {
          navigate(withQuery(route, { mmu: value === 'no' ? 'no' : undefined }));
        }}
      />
      <NumberField
        label={STRINGS.shell.phys}
        hint={STRINGS.shell.physHint}
        value={physAddr}
        format={formatHex}
        max={2 ** 52}
        onValue={(value) => {
          const isDefault = value === undefined || value === DEFAULT_PHYS;
          navigate(withQuery(route, { phys: isDefault ? undefined : formatHex(value) }));
        }}
      />
    </div>
  );
}

const NEXT_THEME = { auto: 'light', light: 'dark', dark: 'auto' } as const;

function ThemeButton(): JSX.Element {
  const [theme, setTheme] = useTheme();
  const names = {
    auto: STRINGS.shell.themeAuto,
    light: STRINGS.shell.themeLight,
    dark: STRINGS.shell.themeDark,
  };
  const name = `${STRINGS.shell.theme}: ${names[theme]}`;
  return (
    <button
      class="button icon"
      type="button"
      title={name}
      aria-label={name}
      onClick={() => {
        setTheme(NEXT_THEME[theme]);
      }}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="5.5" class="ring" />
        {theme !== 'light' && (
          <path
            d={
              theme === 'dark'
                ? 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 1 1 0-11'
                : 'M8 2.5a5.5 5.5 0 0 1 0 11z'
            }
          />
        )}
      </svg>
    </button>
  );
}
