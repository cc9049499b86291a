import type { JSX } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { DEFAULT_PHYS, type Kernel } from '../model/kernel.js';
import type { ImageFacts } from '../model/facts.js';
import type { ViewerStart } from '../start.js';
import type { Problem } from '../worker/protocol.js';
import type { OpenedImages } from '../worker/open.js';
import type { Ask } from './ask.js';
import { startBytes } from './load.js';
import { routeTo, useRoute, type Route } from './router.js';
import { DropZone, useDroppedFiles } from './shell/drop-zone.js';
import { Header } from './shell/header.js';
import { Tabs } from './shell/tabs.js';
import { ProblemBox } from './shared/problem-box.js';
import { parseNumber } from './shared/format.js';
import { STRINGS } from './strings/index.js';
import { problemFrom } from './use-answer.js';
import type { ViewProps } from './view-props.js';
import { VIEWS } from './views.js';

/** The file that is being opened, or why it could not be opened. */
interface Opening {
  readonly title: string;
  readonly problem: Problem | undefined;
}

const NO_IMAGES: OpenedImages = { images: [], shown: 0 };

/** The whole page. */
export function App({
  ask,
  start,
}: {
  readonly ask: Ask;
  readonly start: ViewerStart;
}): JSX.Element {
  const [route, navigate] = useRoute();
  const [opened, setOpened] = useState(NO_IMAGES);
  const [opening, setOpening] = useState<Opening | undefined>();

  const open = useCallback(async (title: string, request: () => Promise<OpenedImages>) => {
    setOpening({ title, problem: undefined });
    try {
      const now = await request();
      setOpened(now);
      setOpening(undefined);
      return now;
    } catch (error) {
      setOpening({ title, problem: problemFrom(error) });
      return undefined;
    }
  }, []);

  useEffect(() => {
    void (async () => {
      for (const image of start.images) {
        const { title, blockSize, dialect, withoutData, check } = image;
        await open(title, async () => {
          const bytes = await startBytes(image);
          const request = { title, bytes, exact: true, blockSize, dialect, withoutData, check };
          const { images } = await ask('open', request, { transfer: [bytes] });
          return { images, shown: 0 };
        });
      }
    })();
  }, []);

  const openFiles = useCallback(
    async (files: readonly File[]) => {
      for (const file of files) {
        const now = await open(file.name, async () => {
          const bytes = await file.arrayBuffer();
          return ask('open', { title: file.name, bytes, exact: false }, { transfer: [bytes] });
        });
        if (now !== undefined) {
          const view = viewOf(route) ?? VIEWS[0]!;
          navigate(routeTo(withImage(route, now.shown), view.name));
        }
      }
    },
    [route],
  );
  const isOver = useDroppedFiles(openFiles);

  const imageIndex = imageIndexOf(route, opened);
  const facts = opened.images[imageIndex];
  const kernel = kernelOf(route);
  useTitle(facts);
  return (
    <div class="app">
      <a class="skip" href="#main" onClick={skipToMain}>
        {STRINGS.shell.skip}
      </a>
      <Header {...{ ask, opened, imageIndex, facts, kernel, route, navigate, openFiles }} />
      {facts !== undefined && <Tabs route={route} current={viewOf(route)?.name} />}
      {opening?.problem !== undefined && (
        <div class="notice" role="alert">
          <strong>{STRINGS.shell.openFailed(opening.title)}</strong>
          <ProblemBox problem={opening.problem} />
        </div>
      )}
      <main id="main" tabIndex={-1}>
        {facts === undefined ? (
          <DropZone
            opening={opening?.problem === undefined ? opening?.title : undefined}
            onFiles={openFiles}
          />
        ) : (
          <CurrentView
            {...{ ask, images: opened.images, imageIndex, facts, kernel, route, navigate }}
          />
        )}
      </main>
      {isOver && <div class="drop-over">{STRINGS.shell.dropping}</div>}
    </div>
  );
}

function CurrentView(props: ViewProps): JSX.Element {
  const view = viewOf(props.route);
  if (view === undefined) return <p class="notice">{STRINGS.shell.notFound(props.route.view)}</p>;
  const Component = view.component;
  // A new key makes a new view: no state of the last image may stay.
  return <Component key={`${view.name} ${props.imageIndex}`} {...props} />;
}

function viewOf({ view }: Route) {
  return view === '' ? VIEWS[0] : VIEWS.find(({ name }) => name === view);
}

function imageIndexOf({ query }: Route, { images, shown }: OpenedImages): number {
  const number = Number(query['image']);
  return Number.isInteger(number) && number >= 1 && number <= images.length ? number - 1 : shown;
}

function withImage(route: Route, index: number): Route {
  return { ...route, query: { ...route.query, image: String(index + 1) } };
}

function kernelOf({ query }: Route): Kernel {
  return {
    mmu: query['mmu'] !== 'no',
    physAddr: parseNumber(query['phys'] ?? '') ?? DEFAULT_PHYS,
  };
}

function useTitle(facts: ImageFacts | undefined): void {
  const title = facts?.title;
  useEffect(() => {
    document.title =
      title === undefined ? STRINGS.shell.product : `${title} · ${STRINGS.shell.product}`;
  }, [title]);
}

/** Moves the focus instead of following the link: the address of the page is a route. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
