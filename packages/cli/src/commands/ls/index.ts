import { defineCommand, type CommandArguments } from '../../shell/command.js';
import {
  choice,
  flag,
  imageOptions,
  jsonOption,
  reverseOption,
  wideOption,
} from '../../shell/options.js';
import { SORT_KEYS } from './sort.js';

const options = {
  long: flag('mode, owner, group, size or device number, and targets of links', 'l'),
  recursive: flag('list directories below as well', 'R'),
  directory: flag('list directories themselves, not their contents', 'd'),
  inode: flag("print Linux's inode numbers", 'i'),
  'human-readable': flag('with -l: sizes such as 1.2K or 16M', 'h'),
  sort: choice('sort', SORT_KEYS, 'sort each directory: by name, or the largest first'),
  all: flag('ignored: names that start with a dot are always listed', 'a'),
  ...reverseOption,
  ...wideOption,
  ...jsonOption,
  ...imageOptions,
} as const;

export type LsArguments = CommandArguments<typeof options>;

export const ls = defineCommand({
  synopsis: 'IMAGE [PATH|GLOB...]',
  description:
    'Lists directories (default: the root directory) and files, in stored order, hidden names included.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runLsCommand(args, io);
  },
});
