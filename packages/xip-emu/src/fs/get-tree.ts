import { SyscallError } from '../errno.js';
import type { PhysicalMemory } from '../phys/physical-memory.js';
import type { FsStruct } from '../vfs/fs-struct.js';
import type { Inode, SuperBlock } from '../vfs/inode.js';
import { pathLookup } from '../vfs/namei.js';
import type { VmRegions } from '../nommu/vm-region.js';
import { DevSuperBlock } from './devfs/super.js';
import { OverlaySuperBlock, type RedirectMode } from './overlay/super.js';
import { RamfsSuperBlock } from './ramfs/super.js';
import { TmpfsSuperBlock } from './tmpfs/super.js';

/** What is needed from the machine to make a file system. */
export interface FileSystemHost {
  readonly phys: PhysicalMemory;
  readonly mmu: boolean;
  readonly vmRegions: VmRegions;
  /** Where paths in options start. */
  readonly fs: FsStruct;
  /**
   * The cramfs on a device, `mtd0` or `vda`. @throws SyscallError ENOENT if there is no such device.
   */
  cramfs(device: string): SuperBlock;
}

/** Options as mount(8) takes them after -o: `size=16k,mode=755`. */
export type MountData = ReadonlyMap<string, string>;

/** The options by name; if one is given twice, the last counts. */
export function parseMountData(text: string): MountData {
  const options = new Map<string, string>();
  for (const option of text.split(',').filter((part) => part !== '')) {
    const equals = option.indexOf('=');
    const name = equals < 0 ? option : option.slice(0, equals);
    options.set(name, equals < 0 ? '' : option.slice(equals + 1));
  }
  return options;
}

/**
 * Makes a file system of a type by its name. Compare fs/super.c:vfs_get_tree().
 *
 * @throws SyscallError ENODEV for an unknown type, EINVAL for an unknown option or value, ENOENT.
 */
export function getTree(
  type: string,
  source: string,
  data: MountData,
  host: FileSystemHost,
): SuperBlock {
  switch (type) {
    case 'cramfs':
      checkOptions(data, []);
      return host.cramfs(deviceName(source));
    case 'tmpfs':
      return host.mmu ? tmpfs(data, host) : ramfs(data, host);
    case 'ramfs':
      return ramfs(data, host);
    case 'devtmpfs':
      checkOptions(data, []);
      return new DevSuperBlock();
    case 'overlay':
      return overlay(data, host);
    default:
      throw new SyscallError('ENODEV', `no file system ${type}`);
  }
}

function checkOptions(data: MountData, known: readonly string[]): void {
  for (const name of data.keys()) {
    if (!known.includes(name)) throw new SyscallError('EINVAL', `unknown mount option ${name}`);
  }
}

/**
 * The device that a source leads to: /dev/mtdblock0 is only a name of mtd0. Compare
 * drivers/mtd/mtdsuper.c:get_tree_mtd().
 */
function deviceName(source: string): string {
  return source.replace(/^\/dev\//, '').replace(/^mtdblock(?=\d+$)/, 'mtd');
}

function tmpfs(data: MountData, { phys }: FileSystemHost): TmpfsSuperBlock {
  checkOptions(data, ['size', 'nr_inodes', 'mode', 'uid', 'gid']);
  return new TmpfsSuperBlock(phys, {
    size: sizeOf(data.get('size'), phys),
    nrInodes: bytesOf(data.get('nr_inodes')),
    mode: octalOf(data.get('mode')),
    uid: bytesOf(data.get('uid')),
    gid: bytesOf(data.get('gid')),
  });
}

function ramfs(data: MountData, { phys, mmu, vmRegions }: FileSystemHost): RamfsSuperBlock {
  const sb = new RamfsSuperBlock(phys, { nommu: mmu ? undefined : vmRegions });
  // All options of tmpfs are ignored. Compare fs/ramfs/inode.c:ramfs_parse_param().
  const mode = octalOf(data.get('mode'));
  if (mode !== undefined) sb.root.setAttributes({ mode });
  return sb;
}

const SUFFIXES: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** A number with K, M or G. Compare lib/cmdline.c:memparse(). @throws SyscallError EINVAL. */
function bytesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const parts = /^(\d+)([kmg]?)$/i.exec(text);
  if (parts === null) throw new SyscallError('EINVAL', `not a number: ${text}`);
  return Number(parts[1]) * (SUFFIXES[parts[2]!.toLowerCase()] ?? 1);
}

/** Bytes, or a part of the RAM: `50%`. */
function sizeOf(
  text: string | undefined,
  { ramFrames, geometry }: PhysicalMemory,
): number | undefined {
  const percent = /^(\d+)%$/.exec(text ?? '')?.[1];
  if (percent === undefined) return bytesOf(text);
  return Math.floor((ramFrames * Number(percent)) / 100) * geometry.size;
}

function octalOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[0-7]+$/.test(text)) throw new SyscallError('EINVAL', `not an octal number: ${text}`);
  return Number.parseInt(text, 8);
}

/** Switches that can only have their default values here. */
const FIXED_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  index: ['off'],
  metacopy: ['off'],
  xino: ['off'],
  nfs_export: ['off'],
  uuid: ['auto', 'on'],
};
const REDIRECT_MODES: Readonly<Record<string, RedirectMode>> = {
  on: 'on',
  off: 'follow',
  follow: 'follow',
  nofollow: 'nofollow',
};

function overlay(data: MountData, { fs }: FileSystemHost): OverlaySuperBlock {
  const known = ['lowerdir', 'upperdir', 'workdir', 'redirect_dir', ...Object.keys(FIXED_OPTIONS)];
  checkOptions(data, known);
  for (const [name, values] of Object.entries(FIXED_OPTIONS)) {
    const value = data.get(name);
    if (value !== undefined && !values.includes(value)) {
      throw new SyscallError('EINVAL', `${name}=${value} is not emulated`);
    }
  }
  const directory = (path: string): Inode => pathLookup(fs, path).inode;
  const redirect = data.get('redirect_dir') ?? 'off';
  const redirectDir = REDIRECT_MODES[redirect];
  if (redirectDir === undefined) throw new SyscallError('EINVAL', `redirect_dir=${redirect}`);
  const lowers = data.get('lowerdir');
  if (lowers === undefined) throw new SyscallError('EINVAL', "missing 'lowerdir'");
  const upper = data.get('upperdir');
  const work = data.get('workdir');
  if (upper !== undefined && work === undefined) {
    throw new SyscallError('EINVAL', "missing 'workdir'");
  }
  const layers = lowers.split(':').map(directory);
  const upperdir = upper === undefined ? undefined : directory(upper);
  const workdir = upper === undefined ? undefined : directory(work!);
  return new OverlaySuperBlock(layers, upperdir, { workdir, redirectDir });
}
