import type { Command } from '../shell/command.js';

/** A command as the list of commands shows it; the rest is loaded when it is used. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'build',
    summary: 'make an image of a directory or a tar, with XIP if asked to',
    load: async () => (await import('./build/index.js')).build,
  },
  {
    name: 'plan',
    summary: 'decide what runs in place, for a budget of flash or of RAM',
    load: async () => (await import('./plan/index.js')).plan,
  },
  {
    name: 'info',
    summary: 'superblock, contents and block kinds of an image',
    load: async () => (await import('./info/index.js')).info,
  },
  {
    name: 'find',
    summary: 'find images in files of any size, also in compressed streams',
    load: async () => (await import('./find/index.js')).find,
  },
  {
    name: 'ls',
    summary: 'list files; -l like ls -l',
    load: async () => (await import('./ls/index.js')).ls,
  },
  {
    name: 'tree',
    summary: 'draw the directory tree',
    load: async () => (await import('./tree/index.js')).tree,
  },
  {
    name: 'stat',
    summary: 'inode, offsets and blocks of files',
    load: async () => (await import('./stat/index.js')).stat,
  },
  {
    name: 'cat',
    summary: 'print the content of files',
    load: async () => (await import('./cat/index.js')).cat,
  },
  {
    name: 'blocks',
    summary: "a file's block pointers, decoded",
    load: async () => (await import('./blocks/index.js')).blocks,
  },
  {
    name: 'map',
    summary: 'which pages Linux maps straight from ROM, and why not the others',
    load: async () => (await import('./map/index.js')).map,
  },
  {
    name: 'mmap',
    summary: 'emulate one mapping: areas, pages, faults, RAM, and why',
    load: async () => (await import('./mmap/index.js')).mmap,
  },
  {
    name: 'exec',
    summary: 'what starting a program maps and costs in ROM and RAM, and why',
    load: async () => (await import('./exec/index.js')).exec,
  },
  {
    name: 'run',
    summary: 'run scenarios as a Linux kernel does; compare with records',
    load: async () => (await import('./run/index.js')).run,
  },
  {
    name: 'view',
    summary: 'show images, and what Linux does with them, in a browser',
    load: async () => (await import('./view/index.js')).view,
  },
  {
    name: 'check',
    summary: 'find damage, and what Linux would misread',
    load: async () => (await import('./check/index.js')).check,
  },
  {
    name: 'diff',
    summary: 'compare the trees of two images',
    load: async () => (await import('./diff/index.js')).diff,
  },
  {
    name: 'extract',
    summary: 'write files to a directory',
    load: async () => (await import('./extract/index.js')).extract,
  },
  {
    name: 'tar',
    summary: 'convert an image to a tar, losing nothing',
    load: async () => (await import('./tar/index.js')).tar,
  },
];

export function commandEntry(name: string): CommandEntry | undefined {
  return COMMANDS.find((candidate) => candidate.name === name);
}
