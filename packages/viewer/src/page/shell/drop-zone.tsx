import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { STRINGS } from '../strings/index.js';

type TakeFiles = (files: readonly File[]) => Promise<void>;

/**
 * Takes files that are dropped anywhere on the page. @returns true while files are held over it.
 */
export function useDroppedFiles(take: TakeFiles): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      setOver(false);
      void take([...(event.dataTransfer?.files ?? [])]);
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, [take]);
  return isOver;
}

/** The page without an image. */
export function DropZone({
  opening,
  onFiles,
}: {
  /** The file that is being opened. */
  readonly opening: string | undefined;
  readonly onFiles: TakeFiles;
}): JSX.Element {
  if (opening !== undefined) {
    return (
      <div class="drop-zone" role="status">
        <p class="drop-title">{STRINGS.shell.opening(opening)}</p>
        <div class="progress" />
      </div>
    );
  }
  return (
    <div class="drop-zone">
      <Blocks />
      <p class="drop-title">{STRINGS.shell.dropTitle}</p>
      <p class="drop-hint">{STRINGS.shell.dropHint}</p>
      <FileButton label={STRINGS.shell.dropChoose} primary onFiles={onFiles} />
    </div>
  );
}

export function FileButton(props: {
  readonly label: string;
  readonly title?: string;
  readonly primary?: boolean;
  readonly onFiles: TakeFiles;
}): JSX.Element {
  const { label, title, primary = false, onFiles } = props;
  return (
    <label class={primary ? 'button primary' : 'button'} title={title}>
      {label}
      <input
        type="file"
        multiple
        onChange={({ currentTarget }) => {
          void onFiles([...(currentTarget.files ?? [])]);
          currentTarget.value = '';
        }}
      />
    </label>
  );
}

/** A drawing of a flash with an image in it. */
function Blocks(): JSX.Element {
  const kinds = 'sdp ccccc sssc iiiii iiiit cc ii';
  return (
    <svg class="drop-picture" viewBox="0 0 160 40" aria-hidden="true">
      {Array.from({ length: 32 }, (_, index) => (
        <rect
          key={index}
          class={`b-${kinds[index % kinds.length] ?? ' '}`}
          x={(index % 16) * 10}
          y={Math.floor(index / 16) * 20}
          width="9"
          height="18"
          rx="1"
        />
      ))}
    </svg>
  );
}
