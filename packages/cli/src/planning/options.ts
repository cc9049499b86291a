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
    'pages that were touched on a board, of any format in docs/plan.md; with them, and what is ' +
      'touched at the start, --touched is start',
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
    'end the search for the best choice after N seconds, and print how far it may be off',
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
  ...kernelOptions('that of the first program'),
  ...physOption,
} as const;

export type RunArguments = OptionValues<typeof runOptions>;
export type WorkloadArguments = RunArguments & Partial<OptionValues<typeof workloadOptions>>;
