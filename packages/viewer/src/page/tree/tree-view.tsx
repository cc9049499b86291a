import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { routeTo, withQuery } from '../router.js';
import { ProblemBox } from '../shared/problem-box.js';
import { formatCount } from '../shared/format.js';
import { STRINGS } from '../strings/index.js';
import { useAnswer } from '../use-answer.js';
import type { ViewProps } from '../view-props.js';
import {
  SORT_KEYS,
  childrenOf,
  entryOfPath,
  pathOfEntry,
  sorted,
  treeRows,
  type TreeOrder,
} from './rows.js';
import { TreeGrid } from './tree-grid.js';
import { Treemap } from './treemap.js';

const NO_CHILDREN: ReadonlyMap<number, readonly number[]> = new Map();

/** The files with their sizes, and how the flash is used. */
export function TreeView(props: ViewProps): JSX.Element {
  const { ask, imageIndex: image, kernel, route, navigate, facts } = props;
  const { query } = route;
  const { value: table, problem } = useAnswer(ask, 'tree', { image, kernel });
  const text = query['search'] ?? '';
  const searched = useAnswer(ask, 'search', text === '' ? undefined : { image, text });
  const children = useMemo(() => (table === undefined ? NO_CHILDREN : childrenOf(table)), [table]);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set([0]));
  const selected =
    table === undefined || route.path === undefined
      ? undefined
      : entryOfPath(table, children, route.path);
  const order: TreeOrder = {
    key: SORT_KEYS.find((key) => key === query['sort']) ?? 'name',
    reverse: query['reverse'] !== undefined,
  };

  // Directories above the selected entry are open, too.
  const opened = useMemo(() => {
    const all = new Set(open);
    for (let at = table?.parents[selected ?? 0] ?? -1; at >= 0; at = table!.parents[at]!) {
      all.add(at);
    }
    return all;
  }, [open, selected, table]);
  const found = text === '' ? undefined : searched.value?.numbers;
  const rows = useMemo(() => {
    if (table === undefined) return [];
    if (found !== undefined) {
      return sorted(table, found, order).map((number) => ({ number, level: 0 }));
    }
    return treeRows(table, children, opened, order);
  }, [table, children, opened, found, order.key, order.reverse]);

  const change = (changes: Readonly<Record<string, string | undefined>>): void => {
    navigate(withQuery(route, changes), { replace: true });
  };
  const select = (number: number): void => {
    navigate({ ...route, view: 'tree', path: pathOfEntry(table!, number) }, { replace: true });
  };
  const openFile = (number: number): void => {
    navigate(routeTo(route, 'file', pathOfEntry(table!, number)));
  };
  const toggle = (number: number, isOpen: boolean): void => {
    const next = new Set(opened);
    if (isOpen) next.add(number);
    else next.delete(number);
    // If a directory above the selected entry is closed, select the directory.
    if (!isOpen && isBelow(table!.parents, selected, number)) select(number);
    setOpen(next);
  };

  return (
    <div class="tree-view">
      <section class="tree-main" aria-label={STRINGS.tree.table}>
        <div class="bar">
          <label class="field grow">
            <span class="field-label">{STRINGS.tree.search}</span>
            <input
              type="search"
              class="mono"
              spellcheck={false}
              placeholder={STRINGS.tree.searchHint}
              value={text}
              onInput={({ currentTarget }) => {
                const { value } = currentTarget;
                change({ search: value === '' ? undefined : value });
              }}
            />
          </label>
          {text === '' ? (
            <>
              <button
                class="button"
                type="button"
                onClick={() => {
                  setOpen(new Set([0, ...children.keys()]));
                }}
              >
                {STRINGS.tree.expandAll}
              </button>
              <button
                class="button"
                type="button"
                onClick={() => {
                  setOpen(new Set([0]));
                  if (selected !== undefined) select(0);
                }}
              >
                {STRINGS.tree.collapseAll}
              </button>
            </>
          ) : (
            <span class="dim" role="status">
              {found !== undefined && STRINGS.tree.found(formatCount(found.length))}
            </span>
          )}
        </div>
        {problem !== undefined && <ProblemBox problem={problem} />}
        {searched.problem !== undefined && text !== '' && <ProblemBox problem={searched.problem} />}
        {table !== undefined && table.problems.length > 0 && (
          <p class="problem" title={table.problems.slice(0, 20).join('\n')}>
            {STRINGS.tree.problems(table.problems.length)}
          </p>
        )}
        {table === undefined ? (
          <div class="virtual" aria-busy="true" />
        ) : (
          <TreeGrid
            table={table}
            rows={rows}
            flat={found !== undefined}
            open={opened}
            selected={selected}
            order={order}
            onOrder={({ key, reverse }) => {
              change({ sort: key === 'name' ? undefined : key, reverse: reverse ? '' : undefined });
            }}
            onSelect={select}
            onToggle={toggle}
            onOpenFile={openFile}
          />
        )}
      </section>
      {table !== undefined && (
        <Treemap
          table={table}
          childNumbers={children}
          selected={selected ?? 0}
          blockSize={facts.blockSize}
          onSelect={select}
          onOpenFile={openFile}
        />
      )}
    </div>
  );
}

function isBelow(parents: Int32Array, number: number | undefined, directory: number): boolean {
  for (let at = number ?? -1; at > 0; at = parents[at]!) {
    if (parents[at] === directory) return true;
  }
  return false;
}
