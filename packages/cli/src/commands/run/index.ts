import { defineCommand, type CommandArguments } from '../../shell/command.js';
import { kernelOptions, physOption, policyOption } from '../../emulator/options.js';
import {
  choice,
  imageOptions,
  parseBlockSize,
  text,
  value,
  wideOption,
} from '../../shell/options.js';

const options = {
  mode: choice('mode', ['mmu', 'nommu'], 'the kind of kernel (required)'),
  ...policyOption,
  ...kernelOptions('riscv64'),
  ...physOption,
  'block-size': value(
    "the kernel's page size, which is used as the image's block size (default: 4096)",
    parseBlockSize('--block-size'),
  ),
  format: choice('format', ['jsonl', 'table'], 'how to print records (default: jsonl)'),
  expect: value(
    "compare with a kernel's records instead of printing: a file, or a directory with NAME.jsonl for each NAME.scn",
    text,
    undefined,
    'FILE|DIR',
  ),
  ...wideOption,
  offset: imageOptions.offset,
  image: imageOptions.image,
  root: imageOptions.root,
  oob: imageOptions.oob,
  dialect: imageOptions.dialect,
} as const;

export type RunArguments = CommandArguments<typeof options>;

export const run = defineCommand({
  synopsis: 'IMAGE SCENARIO...',
  description:
    'Runs scenarios of mmap(2) and other system calls on an image in ROM as a Linux kernel does,\n' +
    'and prints the records that a real kernel gives. docs/emulator.md describes the language.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runScenarioCommand(args, io);
  },
});
