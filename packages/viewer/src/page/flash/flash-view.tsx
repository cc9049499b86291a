import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { FLASH_KINDS, type FlashKind } from '../../model/flash-map.js';
import { formatRoute, routeTo, withQuery } from '../router.js';
import { formatHex, parseNumber } from '../shared/format.js';
import { ProblemBox } from '../shared/problem-box.js';
import { STRINGS } from '../strings/index.js';
import { useAnswer } from '../use-answer.js';
import type { ViewProps } from '../view-props.js';
import { MapCanvas } from './map-canvas.js';
import { Findings, FlashFields, Here, Legend } from './side.js';

/** Every byte of the image, coloured by its kind. */
export function FlashView(props: ViewProps): JSX.Element {
  const { ask, imageIndex: image, kernel, route, navigate, facts } = props;
  const { query } = route;
  const [pointed, setPointed] = useState<number | undefined>();
  const { value: map, problem } = useAnswer(ask, 'flash-map', { image, kernel });
  const { value: check } = useAnswer(ask, 'check', { image, kernel });
  const cursor = parseNumber(query['at'] ?? '');
  const offset = pointed ?? cursor;
  const { value: detail } = useAnswer(
    ask,
    'flash-detail',
    offset === undefined ? undefined : { image, kernel, offset },
  );
  const dimmedKinds = (query['dim'] ?? '').split(',');
  const dimmed = FLASH_KINDS.map((kind) => dimmedKinds.includes(kind));
  const eraseBlock = positive(parseNumber(query['erase'] ?? ''));
  const partition = positive(parseNumber(query['partition'] ?? ''));
  const change = (changes: Readonly<Record<string, string | undefined>>): void => {
    navigate(withQuery(route, changes), { replace: true });
  };
  const linkTo = (path: string, block: number | undefined): string =>
    formatRoute(routeTo(route, 'file', path, block === undefined ? {} : { page: String(block) }));
  const openHere = (): void => {
    if (detail?.path === undefined) return;
    const page = detail.block === undefined ? {} : { page: String(detail.block.index) };
    navigate(routeTo(route, 'file', detail.path, page));
  };

  return (
    <div class="flash">
      <h2 class="hidden">{STRINGS.flash.label}</h2>
      {problem !== undefined && <ProblemBox problem={problem} />}
      {map === undefined ? (
        <div class="flash-map" aria-busy="true" />
      ) : (
        <MapCanvas
          map={map}
          findings={check?.findings ?? []}
          dimmed={dimmed}
          eraseBlock={eraseBlock}
          partition={partition}
          cursor={cursor}
          rowBytes={parseNumber(query['row'] ?? '')}
          onPoint={setPointed}
          onCursor={(at) => {
            change({ at: formatHex(at) });
          }}
          onZoom={(rowBytes) => {
            change({ row: rowBytes === undefined ? undefined : String(rowBytes) });
          }}
          onOpen={openHere}
        />
      )}
      <aside class="flash-side" aria-label={STRINGS.flash.legend}>
        <Here
          detail={offset === undefined ? undefined : detail}
          physAddr={kernel.physAddr}
          fileLink={linkTo}
        />
        {map !== undefined && (
          <Legend
            map={map}
            dimmed={dimmed}
            onToggle={(kind) => {
              change({ dim: toggled(dimmedKinds, FLASH_KINDS[kind]!) });
            }}
          />
        )}
        <FlashFields
          size={facts.size}
          eraseBlock={eraseBlock}
          partition={partition}
          onEraseBlock={(bytes) => {
            change({ erase: bytes === undefined ? undefined : String(bytes) });
          }}
          onPartition={(bytes) => {
            change({ partition: bytes === undefined ? undefined : String(bytes) });
          }}
        />
        <Findings
          check={check}
          onOffset={(at) => {
            change({ at: formatHex(at) });
          }}
        />
      </aside>
    </div>
  );
}

function positive(value: number | undefined): number | undefined {
  return value === undefined || value < 1 ? undefined : value;
}

/** Returns the dimmed kinds with one added or removed; undefined if none is left. */
function toggled(kinds: readonly string[], kind: FlashKind): string | undefined {
  const known = FLASH_KINDS.filter((each) =>
    each === kind ? !kinds.includes(each) : kinds.includes(each),
  );
  return known.length === 0 ? undefined : known.join(',');
}
