import { defineCommand, type CommandArguments } from '../../shell/command.js';
import { kernelOptions, loaderOptions, physOption, policyOption } from '../../emulator/options.js';
import {
  choice,
  flag,
  imageOptions,
  list,
  jsonOption,
  parseBytes,
  reverseOption,
  text,
  value,
  wideOption,
} from '../../shell/options.js';

import { SORT_KEYS } from './sort.js';

const { offset: imageOffset, ...imagePlace } = imageOptions;

const options = {
  ...policyOption,
  ...kernelOptions('that of the program'),
  nommu: flag('a kernel without an MMU (default: with one)'),
  ...physOption,
  ...loaderOptions,
  run: list(
    'instead of PATH: a program that runs beside others, N times; words separated by blanks',
    undefined,
    'N*CMD',
  ),
  'run-file': value('read such programs from FILE, one per line', text, undefined, 'FILE'),
  'max-ram': value(
    'exit 1 if the program can take more RAM than this (bytes, or with K, M, G)',
    parseBytes('--max-ram'),
  ),
  compare: list(
    'print only how it differs from /proc/PID/maps or smaps of a board in FILE; exit 1 if it does; ' +
      'with --run, PID is that of its table',
    undefined,
    '[PID=]FILE',
  ),
  'image-offset': imageOffset,
  ...imagePlace,
  sort: choice('sort', SORT_KEYS, 'sort what is listed by path, or what costs most first'),
  ...reverseOption,
  ...wideOption,
  ...jsonOption,
} as const;

export type ExecArguments = CommandArguments<typeof options>;

export const exec = defineCommand({
  synopsis: 'IMAGE [PATH] [ARG...]',
  description:
    'Starts a program of the image in the emulator, with its dynamic loader and libraries, and shows\n' +
    'what is mapped, what comes from ROM, what it costs in RAM, and why not everything is in place.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runExecCommand(args, io);
  },
});
