import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type {
  LabPage,
  LabPicture,
  LabRamFrame,
  LabRomFrame,
} from '../../model/laboratory/picture.js';
import type { Access } from '../../model/laboratory/steps.js';
import { formatHex } from '../shared/format.js';
import { STRINGS } from '../strings/index.js';

const TEXT = STRINGS.laboratory;
/**
 * The height of a row, and the width of the space between columns, in pixels, as in the style
 * sheet.
 */
const ROW = 26;
const LINKS = 60;

interface PictureProps {
  readonly picture: LabPicture;
  readonly mode: Access;
  readonly onTouch: (page: number, access: Access) => void;
  readonly onUndo: () => void;
  /** Shows the mapping from another page on. */
  readonly onFirst: (page: number) => void;
}

/** A mapping as a band of pages, beside the file's blocks and the physical memory. */
export function Picture(props: PictureProps): JSX.Element {
  const { picture } = props;
  const [marked, setMarked] = useState<number | undefined>();
  const { pages, rom, ram, first, total, moreRam } = picture;
  const height = Math.max(pages.length, rom.length, ram.length + (moreRam > 0 ? 1 : 0)) * ROW;
  return (
    <div class="lab-picture">
      <div class="lab-columns">
        <h3 class="lab-col-pages">{TEXT.pagesColumn}</h3>
        <h3 class="lab-col-rom">{TEXT.rom}</h3>
        <h3 class="lab-col-ram">{TEXT.ram}</h3>
        <Pages {...props} marked={marked} onMark={setMarked} />
        <Links picture={picture} height={height} marked={marked} />
        <ol class="lab-frames lab-col-rom" aria-label={TEXT.rom}>
          {rom.length === 0 && <li class="lab-none">{TEXT.noRom}</li>}
          {rom.map((frame) => (
            <RomFrame key={frame.physical} frame={frame} picture={picture} marked={marked} />
          ))}
        </ol>
        <ol class="lab-frames lab-col-ram" aria-label={TEXT.ram}>
          {ram.length === 0 && <li class="lab-none">{TEXT.noRam}</li>}
          {ram.map((frame) => (
            <RamFrame key={frame.physical} frame={frame} picture={picture} marked={marked} />
          ))}
          {moreRam > 0 && <li class="lab-none">{TEXT.moreRam(moreRam)}</li>}
        </ol>
      </div>
      {total > pages.length && (
        <div class="lab-window">
          <button
            class="button"
            type="button"
            disabled={first === 0}
            onClick={() => {
              props.onFirst(Math.max(0, first - pages.length));
            }}
          >
            {TEXT.earlier}
          </button>
          <span>{TEXT.window(first, first + pages.length - 1, total)}</span>
          <button
            class="button"
            type="button"
            disabled={first + pages.length >= total}
            onClick={() => {
              props.onFirst(first + pages.length);
            }}
          >
            {TEXT.later}
          </button>
        </div>
      )}
    </div>
  );
}

type PagesProps = PictureProps & {
  readonly marked: number | undefined;
  readonly onMark: (page: number | undefined) => void;
};

/** The pages. The Tab key reaches one of them, arrow keys go to the others. */
function Pages({ picture, mode, onTouch, onUndo, marked, onMark }: PagesProps): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const [focus, setFocus] = useState(0);
  const { pages, first } = picture;
  const at = Math.min(focus, pages.length - 1);

  const go = (index: number): void => {
    const to = Math.max(0, Math.min(index, pages.length - 1));
    setFocus(to);
    list.current?.querySelectorAll('button')[to]?.focus();
  };
  const keys: Readonly<Record<string, (index: number) => void>> = {
    ArrowDown: (index) => {
      go(index + 1);
    },
    ArrowUp: (index) => {
      go(index - 1);
    },
    Home: () => {
      go(0);
    },
    End: () => {
      go(pages.length - 1);
    },
    r: (index) => {
      onTouch(first + index, 'r');
    },
    w: (index) => {
      onTouch(first + index, 'w');
    },
    x: (index) => {
      onTouch(first + index, 'x');
    },
    u: onUndo,
  };
  return (
    <ol class="lab-pages lab-col-pages" ref={list} aria-label={TEXT.pagesColumn}>
      {pages.map((page, index) => (
        <li key={page.page}>
          <button
            type="button"
            class={`lab-page b-${page.area === undefined ? 'unmapped' : page.backing}${marked === page.page ? ' marked' : ''}`}
            tabIndex={index === at ? 0 : -1}
            title={pageTitle(page)}
            onClick={({ shiftKey }) => {
              setFocus(index);
              onTouch(page.page, shiftKey ? 'w' : mode);
            }}
            onFocus={() => {
              setFocus(index);
              onMark(page.page);
            }}
            onMouseEnter={() => {
              onMark(page.page);
            }}
            onMouseLeave={() => {
              onMark(undefined);
            }}
            onBlur={() => {
              onMark(undefined);
            }}
            onKeyDown={(event) => {
              const action = keys[event.key];
              if (action === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
              event.preventDefault();
              action(index);
            }}
          >
            <span class="lab-number">{page.page}</span>
            <span class="lab-block">{blockText(page)}</span>
            <span class="lab-pte">{page.entry?.permissions ?? page.area?.slice(0, 3) ?? ''}</span>
            <span class="lab-backing">
              {page.area === undefined ? TEXT.unmapped : TEXT.backing[page.backing]}
              {page.entry?.dirty === true && <b title={TEXT.dirty}> ●</b>}
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}

function blockText({ block, beyond }: LabPage): string {
  if (beyond) return TEXT.past;
  return block === undefined ? '' : TEXT.blocks[block.kind];
}

function pageTitle(page: LabPage): string {
  const { address, physical, fileIndex, block, entry } = page;
  return [
    `${TEXT.page(page.page)}: ${formatHex(address)}`,
    ...(fileIndex === undefined ? [] : [TEXT.filePage(fileIndex)]),
    ...(block === undefined
      ? []
      : [`${TEXT.blocks[block.kind]} ${formatHex(block.start)}+${block.length}`]),
    page.area === undefined ? TEXT.unmapped : TEXT.backing[page.backing],
    ...(physical === undefined ? [] : [formatHex(physical)]),
    ...(entry === undefined ? [] : [entry.permissions]),
    ...(entry?.dirty === true ? [TEXT.dirty] : []),
  ].join(', ');
}

/** Curves from pages to their frames. */
function Links(props: {
  readonly picture: LabPicture;
  readonly height: number;
  readonly marked: number | undefined;
}): JSX.Element {
  const { picture, height, marked } = props;
  const { pages, rom, ram } = picture;
  const paths = pages.flatMap((page, index) => {
    if (page.physical === undefined) return [];
    const from = (index + 0.5) * ROW;
    const inRom = rom.findIndex(({ physical }) => sameFrame(physical, page.physical, picture));
    const inRam = ram.findIndex(({ physical }) => sameFrame(physical, page.physical, picture));
    if (inRom < 0 && inRam < 0) return [];
    const to = ((inRom >= 0 ? inRom : inRam) + 0.5) * ROW;
    const isMarked = marked === page.page;
    return [{ page, from, to, column: inRom >= 0 ? 'rom' : 'ram', isMarked }] as const;
  });
  return (
    <>
      {(['rom', 'ram'] as const).map((column) => (
        <svg
          key={column}
          class={`lab-links lab-links-${column}`}
          viewBox={`0 0 ${LINKS} ${height}`}
          style={{ height: `${height}px` }}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          {paths.map(({ page, from, to, column: own, isMarked }) => (
            <path
              key={page.page}
              class={`b-${page.backing}${isMarked ? ' marked' : ''}${own === column ? '' : ' through'}`}
              d={linkPath(own, column, from, to)}
            />
          ))}
        </svg>
      ))}
    </>
  );
}

/** Returns a curve to ROM, or a line to RAM that goes straight past the ROM first. */
function linkPath(own: 'rom' | 'ram', column: 'rom' | 'ram', from: number, to: number): string {
  if (own === 'rom') return column === 'rom' ? curve(from, to) : '';
  return column === 'rom' ? `M0 ${from}H${LINKS}` : curve(from, to);
}

function curve(from: number, to: number): string {
  const middle = LINKS / 2;
  return `M0 ${from}C${middle} ${from} ${middle} ${to} ${LINKS} ${to}`;
}

/** Whether a page is in a frame. Without an MMU it need not start at a page of ROM. */
function sameFrame(frame: number, physical: number | undefined, { pages }: LabPicture): boolean {
  if (physical === undefined) return false;
  const size = pages.length > 1 ? pages[1]!.address - pages[0]!.address : 4096;
  return physical >= frame && physical < frame + size;
}

interface FrameProps<Frame> {
  readonly frame: Frame;
  readonly picture: LabPicture;
  readonly marked: number | undefined;
}

function isMarked({ frame, picture, marked }: FrameProps<{ readonly physical: number }>): boolean {
  const page = picture.pages.find((each) => each.page === marked);
  return page !== undefined && sameFrame(frame.physical, page.physical, picture);
}

function isMapped({ frame, picture }: FrameProps<{ readonly physical: number }>): boolean {
  return picture.pages.some(({ physical }) => sameFrame(frame.physical, physical, picture));
}

function RomFrame(props: FrameProps<LabRomFrame>): JSX.Element {
  const { physical, offset, holds, aligned } = props.frame;
  const what = holds.length === 0 ? '' : holds.join(' ');
  const title = [
    `${TEXT.rom} ${formatHex(physical)}`,
    ...(offset >= 0 ? [formatHex(offset)] : []),
    ...holds.map(TEXT.filePage),
    ...(aligned || holds.length === 0 ? [] : [TEXT.unaligned]),
  ].join(', ');
  return (
    <li
      class={`lab-frame b-rom${isMapped(props) ? ' mapped' : ''}${isMarked(props) ? ' marked' : ''}`}
      title={title}
    >
      <span class="mono">{formatHex(physical)}</span>
      <span class="lab-holds">{what}</span>
    </li>
  );
}

function RamFrame(props: FrameProps<LabRamFrame>): JSX.Element {
  const { physical, holds, fileIndex, dirty, users, own } = props.frame;
  const title = [
    `${TEXT.ram} ${formatHex(physical)}`,
    TEXT.holds[holds],
    ...(fileIndex === undefined ? [] : [TEXT.filePage(fileIndex)]),
    ...(dirty ? [TEXT.dirty] : []),
    TEXT.users(users),
  ].join(', ');
  const kind = holds === 'region' ? 'copy' : holds;
  return (
    <li
      class={`lab-frame b-${kind}${isMapped(props) ? ' mapped' : ''}${isMarked(props) ? ' marked' : ''}${own ? '' : ' other'}`}
      title={title}
    >
      <span class="mono">{formatHex(physical)}</span>
      <span class="lab-holds">
        {fileIndex ?? ''}
        {users > 1 && ` ×${users}`}
        {dirty && ' ●'}
      </span>
    </li>
  );
}
