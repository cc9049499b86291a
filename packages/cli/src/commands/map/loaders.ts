import { isFlat } from 'cramfs-elf';
import type { CramfsImage, Inode } from 'cramfs-reader';
import {
  ARCHITECTURES,
  elfArchitecture,
  fileHead,
  flatArchitecture,
  whyNotMapped,
  type ArchitectureName,
  type KernelConfig,
} from 'xip-emu';

/** The loader of a program. */
export interface Loader {
  /**
   * Why a kernel maps nothing of the program, whatever the image's layout. Undefined if it depends on
   * the image.
   */
  whyNotMapped(mmu: boolean): string | undefined;
}

/** Loaders of the kernels that the programs of an image are for. */
export class Loaders {
  private readonly image: CramfsImage;
  /** Undefined: each program is for a kernel of its own architecture. */
  readonly arch: ArchitectureName | undefined;
  /** Differences from the usual configuration of the architecture. */
  readonly config: Partial<KernelConfig>;
  private ofFlat: ArchitectureName | undefined;

  constructor(image: CramfsImage, arch?: ArchitectureName, config: Partial<KernelConfig> = {}) {
    this.image = image;
    this.arch = arch;
    this.config = config;
  }

  /** What loads a program; undefined for an unknown machine. */
  loaderOf(program: Inode): Loader | undefined {
    const head = fileHead(this.image, program);
    const name = this.architecture(head);
    if (name === undefined) return undefined;
    const arch = ARCHITECTURES[name];
    const { blockSize } = this.image;
    return {
      whyNotMapped: (mmu) => {
        const config = { ...arch.defaults(mmu, blockSize), ...this.config };
        return whyNotMapped(head, { arch, mmu, config });
      },
    };
  }

  private architecture(head: Uint8Array): ArchitectureName | undefined {
    if (this.arch !== undefined) return this.arch;
    if (!isFlat(head)) return elfArchitecture(head);
    return (this.ofFlat ??= flatArchitecture(this.image));
  }
}
