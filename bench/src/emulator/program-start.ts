import { S_IFDIR, S_IFREG } from 'cramfs-format';
import { openImage, type CramfsImage } from 'cramfs-reader';
import { nodeZlib } from 'cramfs-reader/node';
import { buildImageBytes, type DirectoryEntry, type FileEntry } from 'mkcramfs';
import { Machine, programCost } from 'xip-emu';
import { elfObject } from './elf-object.js';
import { PAGE } from './images.js';
import { timed } from './loops.js';

const ROM = 0x22000000;
const LOADER = 'ld-linux-bench.so.1';
export const LIBRARIES = 20;

/** A library of 100 pages of text, 16 of data with 2,000 relocations, and 4 of zeros. */
const SHAPE = {
  textSize: 100 * PAGE,
  gap: 15,
  data: 16 * PAGE,
  bss: 4 * PAGE,
  relro: 2 * PAGE,
  relocations: Array.from({ length: 2000 }, (_, index) => 0x1000 + index * 24),
} as const;

/** Programs started and counted, in milliseconds of wall time each. */
export class ProgramStarts {
  private readonly image: CramfsImage;

  private constructor(image: CramfsImage) {
    this.image = image;
  }

  /** A program, its loader, and {@link LIBRARIES} libraries that need each other, stored for XIP. */
  static async make(): Promise<ProgramStarts> {
    const owner = { uid: 0, gid: 0 };
    const names = Array.from({ length: LIBRARIES }, (_, index) => `lib${index}.so`);
    const file = (content: Uint8Array): FileEntry => ({
      ...owner,
      type: 'file',
      mode: S_IFREG | 0o755,
      size: content.length,
      read: () => content,
    });
    const children = new Map<string, FileEntry>([
      ['p', file(elfObject({ ...SHAPE, interpreter: `/${LOADER}`, needed: names.slice(0, 10) }))],
      [LOADER, file(elfObject({ soname: LOADER, strings: '\0/lib/\0/usr/lib/\0' }))],
      ...names.map((soname, index): [string, FileEntry] => [
        soname,
        file(elfObject({ ...SHAPE, soname, needed: names.slice(index, index + 11) })),
      ]),
    ]);
    const root: DirectoryEntry = { ...owner, type: 'directory', mode: S_IFDIR | 0o755, children };
    const { image } = await buildImageBytes(root, { xip: { mode: 'mmu' } });
    return new ProgramStarts(openImage(image, { zlib: nodeZlib }));
  }

  /** One machine, one start. */
  run(): number {
    const { image } = this;
    const { bytes } = image;
    const size = Math.ceil(bytes.length / PAGE) * PAGE;
    const machine = new Machine({ roms: [{ address: ROM, size, bytes }] });
    machine.mountCramfs('/', image, ROM);
    let libraries = 0;
    const seconds = timed(() => {
      const { started } = programCost(machine, '/p', { libraryPath: ['/'] });
      libraries = started.objects.length - 2;
    });
    if (libraries !== LIBRARIES) throw new Error(`${libraries} libraries were loaded`);
    return seconds * 1000;
  }
}
