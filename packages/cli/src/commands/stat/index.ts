import { defineCommand, type CommandArguments } from '../../shell/command.js';
import { flag, imageOptions, jsonOption, wideOption } from '../../shell/options.js';

const options = {
  dereference: flag('follow symbolic links', 'L'),
  ...wideOption,
  ...jsonOption,
  ...imageOptions,
} as const;

export type StatArguments = CommandArguments<typeof options>;

export const stat = defineCommand({
  synopsis: 'IMAGE PATH|GLOB...',
  description: 'Shows what the image says about files: inode, offsets, and how blocks are stored.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runStatCommand(args, io);
  },
});
