import { S_IFDIR } from 'cramfs-format';
import { CowfsSuperBlock } from '../fs/cowfs/super.js';
import type { CramfsSuperBlock } from '../fs/cramfs/super.js';
import { FuseSuperBlock } from '../fs/fuse/super.js';
import { OverlaySuperBlock } from '../fs/overlay/super.js';
import { RamfsSuperBlock } from '../fs/ramfs/super.js';
import { TarfsSuperBlock } from '../fs/tarfs/super.js';
import { TmpfsSuperBlock } from '../fs/tmpfs/super.js';
import type { Machine } from '../machine.js';
import { MirrorServer, type MirrorServerOptions } from '../userland/mirror-server.js';

/** What `mount tarfs` mounts. */
export interface ArchiveSource {
  /** Uncompressed; never modified. */
  readonly bytes: Uint8Array;
  /** True if the archive was compressed, and so cannot be written. */
  readonly readOnly: boolean;
}

/** A machine with the image on /rom. */
export interface MountHost {
  readonly machine: Machine;
  readonly rom: CramfsSuperBlock;
  /** The archive that the statement names. */
  readonly archive: () => ArchiveSource;
}

/** One kind of `mount`. */
interface ScenarioMount {
  /**
   * Sources that mount(2) of cramfs can be given for it. The block device of an MTD only names the
   * MTD, which is what is mounted. Compare drivers/mtd/mtdsuper.c:get_tree_mtd().
   */
  readonly sources?: readonly string[];
  /** Where the image is; default: in ROM. */
  readonly image?: 'disk';
  /** Where relative paths start. */
  readonly root: string;
  /** The name of an archive follows. */
  readonly takesArchive?: true;
  /** Mounts the file systems of a world other than /rom. @returns a function that unmounts it. */
  readonly mount?: (host: MountHost) => () => void;
}

/** The table as it is, with its keys in its type. */
function rows<Kind extends string>(
  table: Readonly<Record<Kind, ScenarioMount>>,
): Readonly<Record<Kind, ScenarioMount>> {
  return table;
}

/** The kinds of `mount`, by their words. */
export const MOUNTS = rows({
  mtd: { sources: ['mtd0', '/dev/mtdblock0'], root: '/rom' },
  block: { sources: ['/dev/vda'], image: 'disk', root: '/rom' },
  overlay: { root: '/ovl', mount: mountOverlay },
  'overlay-block': { image: 'disk', root: '/ovl', mount: mountOverlay },
  tarfs: { takesArchive: true, root: '/tar', mount: mountArchive },
  cowfs: { root: '/cow', mount: mountCow },
  fuse: { root: '/fuse', mount: (host) => mountMirror(host, { passthrough: true }) },
  'fuse-cached': { root: '/fuse', mount: (host) => mountMirror(host, { passthrough: false }) },
});

export type MountKind = keyof typeof MOUNTS;

/** What can follow `mount`, and the kind that it stands for. */
export const MOUNT_WORDS: ReadonlyMap<string, MountKind> = new Map([
  ...kinds().map((kind) => [kind, kind] as const),
  ...kinds().flatMap((kind) => (MOUNTS[kind].sources ?? []).map((word) => [word, kind] as const)),
]);

function kinds(): MountKind[] {
  return Object.keys(MOUNTS) as MountKind[];
}

/** An overlay of the image and an empty directory in RAM. */
function mountOverlay({ machine, rom }: MountHost): () => void {
  const { phys, vmRegions: nommu, mmu } = machine;
  const up = mmu ? new TmpfsSuperBlock(phys) : new RamfsSuperBlock(phys, { nommu });
  machine.mount('/up', up);
  const upper = up.root.create('u', S_IFDIR | 0o755);
  const workdir = up.root.create('w', S_IFDIR | 0o755);
  machine.mount('/ovl', new OverlaySuperBlock(rom.root, upper, { workdir }));
  return () => {
    up.evict();
  };
}

function mountArchive({ machine, archive }: MountHost): () => void {
  const { bytes, readOnly } = archive();
  machine.mount('/tar', new TarfsSuperBlock(bytes, { phys: machine.phys, readOnly }));
  return () => {
    machine.umount('/tar');
  };
}

/** An empty file system whose files can share blocks. */
function mountCow({ machine }: MountHost): () => void {
  machine.mount('/cow', new CowfsSuperBlock(machine.phys));
  return () => {
    machine.umount('/cow');
  };
}

/** The image by way of a FUSE server. */
function mountMirror({ machine }: MountHost, options: MirrorServerOptions): () => void {
  const server = new MirrorServer(machine.spawn(), '/rom', options);
  machine.mount('/fuse', new FuseSuperBlock(machine.phys, server));
  return () => {
    machine.umount('/fuse');
  };
}
