import { Machine, OpenFile, TarfsSuperBlock, type FileOperations, type Process } from 'xip-emu';
import { PAGE } from './images.js';
import { pageOrder, timed, type Timing } from './loops.js';

const PAGES = 4096;
const RECORD = 512;
const REPEATS = 25;

/** A file of a tarfs that nobody maps, and the same file without operations that know of pagers. */
export class PagerLoops {
  private readonly process: Process;
  private readonly files: Readonly<Record<'tarfs' | 'without', OpenFile>>;
  private readonly order = pageOrder(PAGES, true);

  constructor() {
    const machine = new Machine();
    const tarfs = machine.mount('/', new TarfsSuperBlock(archive(), { phys: machine.phys }));
    this.process = machine.spawn();
    const opened = this.process.open('/file', { write: true });
    const { content } = tarfs.root.lookup('file')!;
    const fops: FileOperations = {
      readIter: (_file, position, into) => content.read(position, into),
      writeIter(_file, position, from) {
        if (from.length === 0) return 0;
        content.write(position, from);
        return from.length;
      },
    };
    const without = new OpenFile(opened.inode, opened.path, { writable: true, fops });
    this.process.files.install(without);
    this.files = { tarfs: opened, without };
  }

  run(which: 'tarfs' | 'without', operation: 'read' | 'write'): Timing {
    const { process, order } = this;
    const file = this.files[which];
    const page = new Uint8Array(PAGE);
    const seconds = timed(() => {
      for (let repeat = 0; repeat < REPEATS; repeat += 1) {
        if (operation === 'read') for (const at of order) process.pread(file, at * PAGE, page);
        else for (const at of order) process.pwrite(file, at * PAGE, page);
      }
    });
    return { operations: REPEATS * PAGES, seconds };
  }
}

/** One file of {@link PAGES} pages. */
function archive(): Uint8Array {
  const bytes = new Uint8Array(RECORD + PAGES * PAGE + 2 * RECORD);
  const text = (at: number, value: string): void => {
    for (let index = 0; index < value.length; index += 1) {
      bytes[at + index] = value.charCodeAt(index);
    }
  };
  text(0, 'file');
  text(100, '0000644');
  text(124, (PAGES * PAGE).toString(8).padStart(11, '0'));
  text(148, ' '.repeat(8));
  text(156, '0');
  const sum = bytes.subarray(0, RECORD).reduce((total, byte) => total + byte, 0);
  text(148, sum.toString(8).padStart(6, '0'));
  bytes[154] = 0;
  return bytes;
}
