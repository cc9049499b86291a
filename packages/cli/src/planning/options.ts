import { kernelOptions, loaderOptions, physOption, policyOption } from '../emulator/options.js';
import { choice, list, parseCount, text, value } from '../shell/options.js';
import type { OptionValues } from '../shell/option-types.js';

/** A day: a longer wait needs no limit. */
const MAX_SECONDS = 86400;

/** What runs, and what is known about the pages it touches. */
export const runOptions = {
  run: list(
    'a program of the workload, N times at once; words separated by blanks (default: all ' +
      'programs and libraries, each mapped once)',
    undefined,
    'N*CMD',
  ),
  'run-file': value('read such programs from FILE, one per line', text, undefined, 'FILE'),
  profile: list(
    'pages that were touched on a board, in any format of docs/plan.md; they count beside those ' +
      'touched at the start (--touched start)',
    undefined,
    'FILE',
  ),
  'profile-root': list(
    'where the image is mounted on the board of the profiles (default: /)',
    undefined,
    'DIR',
  ),
  touched: choice(
    'touched',
    ['all', 'start'],
    'pages that count: all that are mapped (default), or what kernel and loader touch at the start',
  ),
  time: value(
    'stop searching for the best choice after N seconds, and print how far off the result may be',
    parseCount('--time', MAX_SECONDS, 0),
    undefined,
    'N',
  ),
} as const;

/** The same, with how it runs. */
export const workloadOptions = {
  ...runOptions,
  ...loaderOptions,
  ...policyOption,
  ...kernelOptions("the first program's"),
  ...physOption,
} as const;

export type RunArguments = OptionValues<typeof runOptions>;
export type WorkloadArguments = RunArguments & Partial<OptionValues<typeof workloadOptions>>;
