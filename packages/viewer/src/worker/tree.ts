import type { Kernel } from '../model/kernel.js';
import { allPaths, searchPaths, type Paths } from '../model/search.js';
import { treeTable, type TreeTable } from '../model/tree-table.js';
import { entriesOf } from './listing.js';
import type { ViewedImage, Workspace } from './workspace.js';

export function answerTree(
  workspace: Workspace,
  { image, kernel }: { readonly image: number; readonly kernel: Kernel },
): TreeTable {
  const viewed = workspace.at(image);
  return viewed.remember(`tree ${JSON.stringify(kernel)}`, () =>
    treeTable(viewed.image, entriesOf(viewed), kernel),
  );
}

/** The result of a search. */
export interface SearchAnswer {
  /** Numbers of all entries found. */
  readonly numbers: readonly number[];
  /** The first ones, as byte strings and as text. */
  readonly first: readonly { readonly path: string; readonly text: string }[];
}

/** Paths that the search at the top of the page lists. */
const LISTED = 12;

export function answerSearch(
  workspace: Workspace,
  { image, text }: { readonly image: number; readonly text: string },
): SearchAnswer {
  const paths = pathsOf(workspace.at(image));
  const numbers = searchPaths(paths, text);
  return {
    numbers,
    first: numbers
      .slice(0, LISTED)
      .map((number) => ({ path: paths.bytes[number]!, text: paths.texts[number]! })),
  };
}

function pathsOf(viewed: ViewedImage): Paths {
  return viewed.remember('paths', () => allPaths(entriesOf(viewed)));
}
