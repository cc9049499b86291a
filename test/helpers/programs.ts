import { parseElf } from 'cramfs-elf';
import type { ArchitectureName } from '#xip-emu/arch/architecture.js';
import { ARCHITECTURES, architectureOf } from '#xip-emu/arch/kernel-build.js';
import { programCost, type ProgramCost } from '#xip-emu/exec/program-cost.js';
import type { StartOptions } from '#xip-emu/exec/start-program.js';
import type { Machine, MachineOptions } from '#xip-emu/machine.js';
import type { AreaReport } from '#xip-emu/report/areas.js';
import { romMachine } from './emulator.js';
import { buildRawImage, directory, file, type RawBlock, type RawNode } from './raw-image.js';

const PAGE = 4096;

/** An executable file whose pages are direct, page aligned, and end in zeros. */
export function xipFile(content: Uint8Array): RawNode {
  const pages = Math.ceil(content.length / PAGE);
  const blocks = Array.from({ length: pages }, (_, page): RawBlock => ({
    kind: 'D',
    align: page === 0 ? PAGE : undefined,
    tail: page === pages - 1 ? 'zero' : undefined,
  }));
  return file(content, { mode: 0o755, blocks });
}

/** Files by their absolute paths, with the directories that they need. */
export function tree(files: Readonly<Record<string, RawNode>>): RawNode {
  const children: Record<string, Record<string, RawNode>> = {};
  const own: Record<string, RawNode> = {};
  for (const [path, node] of Object.entries(files)) {
    const [, name, rest] = /^\/([^/]+)(\/.*)?$/s.exec(path)!;
    if (rest === undefined) own[name!] = node;
    else (children[name!] ??= {})[rest] = node;
  }
  for (const [name, below] of Object.entries(children)) own[name] = tree(below);
  return directory(own);
}

/** Starts a program of an image that is mounted on the root. */
export function costOf(
  files: Readonly<Record<string, RawNode>>,
  path: string,
  options: StartOptions = {},
  machineOptions: MachineOptions = {},
): ProgramCost {
  return programCost(programMachine(files, machineOptions), path, options);
}

export function programMachine(
  files: Readonly<Record<string, RawNode>>,
  machineOptions: MachineOptions = {},
): Machine {
  const root = tree(files);
  const arch = archOf(files);
  const { endianness } = ARCHITECTURES[arch ?? 'riscv64'];
  const { bytes } = buildRawImage('entries' in root ? root.entries : {}, { endianness });
  const machine = romMachine(bytes, { arch, ...machineOptions });
  const { sb } = machine.mounts.at('/rom')!;
  machine.mount('/', sb);
  return machine;
}

/** The architecture of the programs in /bin, or else of what comes first. */
function archOf(files: Readonly<Record<string, RawNode>>): ArchitectureName | undefined {
  const paths = Object.keys(files).sort((a, b) => Number(isLibrary(a)) - Number(isLibrary(b)));
  for (const node of paths.map((path) => files[path]!)) {
    const elf = 'content' in node ? parseElf(node.content) : undefined;
    const arch = elf && architectureOf(elf);
    if (arch !== undefined) return arch.name;
  }
  return undefined;
}

function isLibrary(path: string): boolean {
  return !path.startsWith('/bin/');
}

/** An area as `start-end permissions offset`, in pages from `base`. */
export function areaText({ start, end, permissions, offset }: AreaReport, base: number): string {
  const pages = (address: number): number => (address - base) / PAGE;
  return `${pages(start)}-${pages(end)} ${permissions} ${offset / PAGE}`;
}

/**
 * What a process has of an object: from the first to the last page of its segments, whatever is
 * between. Offsets of areas that are wholly from ROM, which are physical, are `rom`.
 */
export function objectAreas({ areas, objects }: ProgramCost, path: string): string[] {
  const { object } = objects.find((candidate) => candidate.object.path === path)!;
  const start = Math.min(...object.segments.map(({ address }) => address));
  const end = Math.max(...object.segments.map(({ address, memsz }) => address + memsz));
  const own = areas.filter((area) => area.start < end && area.end > start);
  const base = own[0]!.start;
  return own.map((area) => {
    const text = areaText(area, base);
    const isPhysical = area.vmFlags?.split(' ').includes('pf') === true;
    return isPhysical ? text.replace(/ \d+$/, ' rom') : text;
  });
}
