import { defineCommand, type CommandArguments } from '../../shell/command.js';
import { kernelOptions, loaderOptions, physOption, policyOption } from '../../emulator/options.js';
import {
  choice,
  flag,
  imageOptions,
  list,
  jsonOption,
  parseBytes,
  parseCount,
  reverseOption,
  text,
  value,
  wideOption,
} from '../../shell/options.js';

import { SORT_KEYS } from './sort.js';
import { execWords } from './words.js';

/** Instructions: what a number holds exactly. */
const parseLimit = parseCount('--limit', Number.MAX_SAFE_INTEGER, 1);

const { offset: imageOffset, ...imagePlace } = imageOptions;

const options = {
  ...policyOption,
  ...kernelOptions("the program's"),
  nommu: flag('a kernel without an MMU (default: with one)'),
  ...physOption,
  ...loaderOptions,
  run: list(
    'instead of PATH: map this program N times, along with others; words separated by blanks. ' +
      'Without a value, before IMAGE: execute PATH',
    undefined,
    'N*CMD',
  ),
  'run-file': value('read such programs from FILE, one per line', text, undefined, 'FILE'),
  'max-ram': value(
    'exit with 1 if the program can take more RAM than this (bytes, or with K, M, G)',
    parseBytes('--max-ram'),
  ),
  compare: list(
    "print only differences from FILE, a board's /proc/PID/maps or smaps; exit with 1 if there are " +
      'any; with --run, the table of programs lists each PID',
    undefined,
    '[PID=]FILE',
  ),
  limit: value('with --run alone: stop after N instructions', parseLimit, undefined, 'N'),
  tmpfs: list('with --run alone: mount a tmpfs on DIR of the image', undefined, 'DIR'),
  env: list('a variable for the program, such as LD_PRELOAD', undefined, 'NAME=VALUE'),
  seed: value(
    'with --run alone: seed of its random numbers (default: 0)',
    parseCount('--seed', 0xffffffff),
  ),
  report: value('with --run alone: write the report to FILE', text, undefined, 'FILE'),
  profile: value(
    'with --run alone: write the pages that were used to FILE, for cramfs plan',
    text,
    undefined,
    'FILE',
  ),
  quiet: flag('with --run alone: no report on standard error', 'q'),
  'image-offset': imageOffset,
  ...imagePlace,
  sort: choice('sort', SORT_KEYS, 'sort by path, or the most expensive first'),
  ...reverseOption,
  ...wideOption,
  ...jsonOption,
} as const;

export type ExecArguments = CommandArguments<typeof options>;

export const exec = defineCommand({
  synopsis: 'IMAGE [PATH] [ARG...]',
  description:
    'Starts a program of the image in the emulator, with its dynamic loader and libraries, and shows\n' +
    'what is mapped, what comes from ROM, what it costs in RAM, and why not everything is in place.\n' +
    '\n' +
    'exec --run IMAGE PATH ARG... executes the program, which uses the input and output of the command.\n' +
    'All words after PATH are its arguments, and its exit status becomes that of the command. A report of\n' +
    'the pages that it has used follows on standard error.',
  options,
  words: execWords,
  async run(args, io) {
    return (await import('./run.js')).runExecCommand(args, io);
  },
});
