import type { JSX } from 'preact';
import type { FileDetail } from '../../model/file-detail.js';
import { formatRoute, routeTo, withQuery } from '../router.js';
import { formatHex, parseNumber } from '../shared/format.js';
import { ProblemBox } from '../shared/problem-box.js';
import { STRINGS } from '../strings/index.js';
import { useAnswer } from '../use-answer.js';
import type { ViewProps } from '../view-props.js';
import { HexPanel } from './hex-panel.js';
import { InodeFacts } from './inode-facts.js';
import { PageGrid } from './page-grid.js';
import { PointerDetail } from './pointer-detail.js';
import { PointerTable } from './pointer-table.js';
import { SegmentTable } from './segment-table.js';

/** One entry of the image: its inode, pointers, pages, segments and bytes. */
export function FileView(props: ViewProps): JSX.Element {
  const { ask, imageIndex: image, kernel, route, navigate, facts } = props;
  const path = route.path ?? '/';
  const { value: known, problem } = useAnswer(ask, 'file', { image, kernel, path });
  const detail = known?.path === path ? known : undefined;
  const { query } = route;
  const asked = parseNumber(query['page'] ?? '');
  const count = detail?.blocks?.raw.length ?? 0;
  const page = asked !== undefined && asked < count ? asked : count > 0 ? 0 : undefined;
  const isContent = query['bytes'] === 'content' && detail?.type === 'file';
  const at = parseNumber(query['at'] ?? '');

  const change = (changes: Readonly<Record<string, string | undefined>>): void => {
    navigate(withQuery(route, changes), { replace: true });
  };
  const selectPage = (number: number): void => {
    change({ page: String(number), at: undefined });
  };
  const start = isContent
    ? (page ?? 0) * facts.blockSize
    : detail === undefined
      ? 0
      : startOfBytes(detail, page);

  return (
    <div class="file-view">
      <header class="file-head">
        <h2 class="mono wrap">{detail?.text ?? ' '}</h2>
        <nav class="file-links">
          <a href={formatRoute(routeTo(route, 'tree', path))}>{STRINGS.file.inTree}</a>
          <a
            href={formatRoute(
              routeTo(route, 'flash', undefined, { at: formatHex(startOfBytesOr0()) }),
            )}
          >
            {STRINGS.file.onMap}
          </a>
        </nav>
      </header>
      {problem !== undefined && <ProblemBox problem={problem} />}
      {detail?.problem !== undefined && <p class="problem">{detail.problem}</p>}
      {detail !== undefined && (
        <div class="file-columns">
          <div class="file-side">
            <InodeFacts detail={detail} />
            {detail.pages !== undefined && detail.pages.states.length > 0 && (
              <PageGrid pages={detail.pages} selected={page} onSelect={selectPage} />
            )}
            {detail.blocks !== undefined && page !== undefined && (
              <PointerDetail blocks={detail.blocks} index={page} />
            )}
          </div>
          <div class="file-main">
            {detail.segments.length > 0 && <SegmentTable segments={detail.segments} />}
            {detail.blocks !== undefined && count > 0 && (
              <PointerTable
                blocks={detail.blocks}
                pages={detail.pages}
                selected={page}
                onSelect={selectPage}
              />
            )}
            <HexPanel
              {...{ ask, image, kernel }}
              path={isContent ? path : undefined}
              offset={at ?? start}
              hasContent={detail.type === 'file' && detail.size > 0}
              withoutData={facts.withoutData}
              onOffset={(offset) => {
                change({ at: formatHex(offset) });
              }}
              onSource={(content) => {
                change({ bytes: content ? 'content' : undefined, at: undefined });
              }}
            />
          </div>
        </div>
      )}
    </div>
  );

  function startOfBytesOr0(): number {
    return detail === undefined ? 0 : startOfBytes(detail, page);
  }
}

/** Returns the image offset of a block, or of the entry if there is none. */
function startOfBytes(
  { blocks, entryOffset, dataOffset, type }: FileDetail,
  page: number | undefined,
): number {
  if (blocks === undefined || page === undefined) {
    return type === 'directory' && dataOffset > 0 ? dataOffset : entryOffset;
  }
  return blocks.lengths[page] === 0 ? blocks.pointerOffsets[page]! : blocks.starts[page]!;
}
