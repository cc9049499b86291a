import { defineCommand, type CommandArguments } from '../../shell/command.js';
import { jsonOption, wideOption } from '../../shell/options.js';

const options = { ...wideOption, ...jsonOption } as const;

export type FindArguments = CommandArguments<typeof options>;

export const find = defineCommand({
  synopsis: 'FILE...',
  description:
    'Lists every cramfs image in files of any size: at any offset, of either byte order and any\n' +
    'dialect, after uImage headers, and in gzip, xz, lzma and Zstandard streams inside a file.\n' +
    'The option --image of other commands takes the number of an image. Exits with 1 if there is no image.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runFindCommand(args, io);
  },
});
