import { defineCommand, type CommandArguments } from '../../shell/command.js';
import { imageOptions, jsonOption, wideOption } from '../../shell/options.js';

const options = { ...wideOption, ...jsonOption, ...imageOptions } as const;

export type InfoArguments = CommandArguments<typeof options>;

export const info = defineCommand({
  synopsis: 'IMAGE',
  description:
    'Shows the superblock of an image, whether its CRC is right, and what the image contains.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runInfoCommand(args, io);
  },
});
