import { basename } from 'node:path';
import type { Tool } from './main.js';

const TOOLS: Readonly<Record<string, Tool>> = {
  mkcramfs: 'mkcramfs',
  'mkfs.cramfs': 'mkcramfs',
  cramfsck: 'fsck.cramfs',
  'fsck.cramfs': 'fsck.cramfs',
  'xip-emu': 'xip-emu',
};

/** The tool to run, by the path that the program was called by; default: `cramfs`. */
export function toolOfPath(path: string): Tool {
  const name = basename(path).replace(/\.(?:[cm]?js|exe)$/, '');
  return Object.hasOwn(TOOLS, name) ? TOOLS[name]! : 'cramfs';
}
