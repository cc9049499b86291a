// The arguments and options of all commands: the source of manual pages and completion.
export type { CommandShape } from './shell/command.js';
export { COMMANDS, type CommandEntry } from './commands/index.js';
export { FSCK_CRAMFS, MKCRAMFS, type DropInShape } from './drop-in/usage.js';
export { optionLines, type HelpLine } from './shell/help.js';
export { spellings, type CliOption, type CliOptions } from './shell/option-types.js';
