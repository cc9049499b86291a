import { isCramfsError, type CramfsError } from 'cramfs-format';
import {
  checkImage,
  chooseImage,
  detectBlockSize,
  diffImages,
  directMap,
  explainFile,
  explainLoaded,
  findImages,
  openImage,
  portableZlib,
  tarChunks,
  type CramfsImage,
  type ExplainOptions,
  type Inode,
} from 'cramfs-reader';
import { nodeZlib } from 'cramfs-reader/node';
import { emulatorStage } from './emulator-stage.js';
import { attempt, ensure, reachableEntries, type Subject } from './subject.js';

/** One way to use the library on a mutant. */
export interface Stage {
  readonly name: string;
  /** False for stages that need an open image. */
  readonly always?: boolean;
  /** May throw a CramfsError; everything else is a failure. */
  run(subject: Subject, image: CramfsImage): void | Promise<void>;
}

/** A mutant of some KiB can have thousands of files of 16 MiB each: read this much of them. */
const READ_BUDGET = 48 << 20;
const KEPT_SIZE = 1 << 20;
const TAR_BUDGET = 48 << 20;
const MAX_LOOKUPS = 300;
const MAX_MAPPED_FILES = 200;
const ROM_ADDRESS = 0x22000000;

const PATHS = ['', '/', '//', '..', '/../..', 'a/../b', '/a/b/../../a/', 'up/x', 'loop', '\0'];

export const STAGES: readonly Stage[] = [
  { name: 'open', always: true, run: open },
  { name: 'info', run: info },
  { name: 'walk', run: walk },
  { name: 'lookup', run: lookup },
  { name: 'read', run: read },
  { name: 'codecs', run: compareCodecs },
  { name: 'check', always: true, run: check },
  { name: 'map', run: map },
  { name: 'tar', run: tar },
  { name: 'diff', run: diff },
  emulatorStage,
];

/** At 0, and wherever the scanner finds an image. */
function open(subject: Subject): void {
  const { bytes, tally, mutant } = subject;
  const zlib = mutant.random.oneIn(4) ? portableZlib : nodeZlib;
  const found = chooseImage(findImages(bytes, { zlib }));
  for (const offset of new Set([0, found?.offset ?? 0])) {
    const image = attempt(tally, () => openImage(bytes, { offset, zlib }));
    if (isCramfsError(image)) continue;
    subject.image = image;
    subject.offset = offset;
  }
  if (found !== undefined) tally.count('found');
  if (subject.image !== undefined) tally.count('opened');
}

function info({ tally }: Subject, image: CramfsImage): void {
  const { superblock, size, bytes, blockSize } = image;
  ensure(size <= bytes.length, () => `size ${size} of ${bytes.length} bytes`);
  // Otherwise the flags of a dialect give it.
  if (image.blockSizeVotes !== undefined)
    ensure(detectBlockSize(image) === blockSize, () => 'block size detected twice, differently');
  if (image.computeCrc() === superblock.crc) tally.count('crc right');
}

function walk(subject: Subject, image: CramfsImage): void {
  const { tally } = subject;
  const errors: CramfsError[] = [];
  subject.entries = [...image.walk(image.root, { onError: (error) => errors.push(error) })];
  ensure(
    subject.entries.length <= 1 + image.bytes.length / 12,
    () => `${subject.entries.length} entries in ${image.bytes.length} bytes`,
  );
  tally.count('entries', subject.entries.length);
  const strict = attempt(tally, () => [...image.walk()]);
  subject.walksCleanly = !isCramfsError(strict);
  ensure(subject.walksCleanly === (errors.length === 0), () => 'walk: errors with one way only');
  if (subject.walksCleanly) tally.count('walked cleanly');
  for (const { path, inode } of subject.entries) {
    if (inode.type !== 'directory') continue;
    attempt(tally, () => image.readDirectory(inode));
    ensure(path.length < 8192, () => `a path of ${path.length} bytes`);
  }
}

function lookup({ entries, walksCleanly, tally }: Subject, image: CramfsImage): void {
  for (const path of PATHS) attempt(tally, () => image.lookup(path));
  for (const { path } of entries.slice(0, MAX_LOOKUPS)) attempt(tally, () => image.lookup(path));
  if (!walksCleanly) return;
  for (const { path, inode } of reachableEntries(entries).slice(0, MAX_LOOKUPS)) {
    const found = image.lookup(path, { followSymlinks: false });
    ensure(found.entryOffset === inode.entryOffset, () => `lookup finds another ${path}`);
    tally.count('looked up');
  }
}

function read(subject: Subject, image: CramfsImage): void {
  const { entries, tally, contents } = subject;
  let budget = READ_BUDGET;
  for (const { inode } of entries) {
    if (inode.type === 'symlink') attempt(tally, () => image.readlink(inode));
    if (inode.type !== 'file' && inode.type !== 'symlink') {
      ensure(isCramfsError(attempt(tally, () => image.readFile(inode))), () => 'read a non-file');
      continue;
    }
    budget -= inode.size;
    if (budget < 0) break;
    const blocks = attempt(tally, () => image.blocks(inode));
    const content = attempt(tally, () => image.readFile(inode));
    if (isCramfsError(content)) {
      subject.readError ??= content;
      tally.count('unreadable files');
      continue;
    }
    ensure(!isCramfsError(blocks), () => 'a file is readable, but not its blocks');
    ensure(content.length === inode.size, () => `${content.length} bytes of ${inode.size}`);
    tally.count('read files');
    for (const { kind, index, start, length, size } of blocks) {
      tally.count(`${kind} blocks`);
      ensure(start + length <= image.size, () => `block ${index} ends past the image`);
      const at = index * image.blockSize;
      const block = image.readBlock(inode, index);
      const same = Buffer.compare(block, content.subarray(at, at + size)) === 0;
      ensure(same, () => `block ${index} is not that part of the file`);
    }
    if (content.length <= KEPT_SIZE) contents.set(inode, content);
  }
}

/** Whether a block can be read, and what is in it, must not depend on the inflater. */
function compareCodecs({ mutant, offset, entries, contents }: Subject, image: CramfsImage): void {
  if (!mutant.random.oneIn(3)) return;
  const zlib = image.zlib === nodeZlib ? portableZlib : nodeZlib;
  const other = openImage(image.bytes, { blockSize: image.blockSize, zlib });
  ensure(
    detectBlockSize(other) === detectBlockSize(image),
    () => `block size at ${offset} depends on the codec`,
  );
  let budget = READ_BUDGET;
  for (const { inode } of entries) {
    if (inode.type !== 'file' && inode.type !== 'symlink') continue;
    budget -= inode.size;
    if (budget < 0) break;
    const here = contents.get(inode) ?? resultOf(() => image.readFile(inode));
    const there = resultOf(() => other.readFile(inode));
    ensure(
      isCramfsError(here) || isCramfsError(there)
        ? isCramfsError(here) && isCramfsError(there)
        : Buffer.compare(here, there) === 0,
      () => `the content of ${inode.entryOffset} depends on the codec`,
    );
  }
}

function resultOf<T>(action: () => T): T | CramfsError {
  try {
    return action();
  } catch (error) {
    if (isCramfsError(error)) return error;
    throw error;
  }
}

/** The checker and the reader must agree on what is damaged. */
function check(subject: Subject): void {
  const { bytes, offset, image, tally, walksCleanly, readError } = subject;
  const zlib = nodeZlib;
  const { findings, stats } = checkImage(bytes, { offset, zlib, blockSize: image?.blockSize });
  for (const { code, path } of findings) {
    tally.count(`check ${code}`);
    ensure((path?.length ?? 0) < 8192, () => `${code} has a path of ${path?.length ?? 0} bytes`);
  }
  JSON.stringify({ findings, stats });
  const hasErrors = findings.some(({ severity }) => severity === 'error');
  if (!hasErrors) tally.count('check finds no error');
  if (image === undefined) {
    ensure(hasErrors, () => 'check finds no error in what cannot be opened');
    return;
  }
  ensure(stats !== undefined, () => 'check has not opened what can be opened');
  ensure(hasErrors || walksCleanly, () => 'check finds no error, but a walk fails');
  ensure(hasErrors || readError === undefined, () => `check misses: ${String(readError)}`);
}

/** What a loader maps of a program must add up. */
function checkLoaded(image: CramfsImage, inode: Inode, kernel: ExplainOptions): void {
  const { pages, directPages, ramPages, segments, format } = explainLoaded(image, inode, kernel);
  if (format === undefined) return;
  ensure(
    directPages <= pages && ramPages >= 0,
    () => `${format}: ${directPages} of ${pages} pages`,
  );
  for (const { directPages: direct, pages: all, copied } of segments!) {
    ensure(
      direct <= all && (copied !== true || direct === 0),
      () => `${format}: ${direct} of ${all}`,
    );
  }
}

/** What is said to be mapped from ROM must be the content of the file. */
function map({ entries, tally, contents, mutant }: Subject, image: CramfsImage): void {
  const { random } = mutant;
  const files = entries.filter(({ inode }) => inode.type === 'file').slice(0, MAX_MAPPED_FILES);
  for (const { inode } of files) {
    for (const mmu of [true, false]) {
      for (const pageSize of new Set([image.blockSize, random.pick([4096, 16384, 65536])])) {
        const explained = explainFile(image, inode, { pageSize, physAddr: ROM_ADDRESS, mmu });
        const { directPages, ramPages, outsidePages, romStart, pages } = explained;
        ensure(directPages <= pages && directPages >= 0, () => `${directPages} of ${pages} pages`);
        const rest = pages - directPages - outsidePages;
        ensure(ramPages === rest, () => `${ramPages} pages in RAM, not ${rest}`);
        checkLoaded(image, inode, { pageSize, physAddr: ROM_ADDRESS, mmu });
        if (romStart === undefined) continue;
        tally.count('mapped');
        const content = contents.get(inode);
        if (content === undefined) continue;
        checkMapped(image, inode, content, romStart - ROM_ADDRESS, directPages * pageSize);
      }
      const request = { pgoff: random.below(20), pages: 1 + random.below(20), pageSize: 4096 };
      directMap(image, inode, { ...request, physAddr: random.u32(), mmu });
    }
  }
  const anything = random.maybe(entries)?.inode;
  if (anything !== undefined && anything.type !== 'file') {
    explainFile(image, anything, { pageSize: 4096, physAddr: 0, mmu: true });
  }
}

function checkMapped(
  image: CramfsImage,
  inode: Inode,
  content: Uint8Array,
  start: number,
  length: number,
): void {
  const expected = content.subarray(0, length);
  const rom = image.bytes.subarray(start, start + expected.length);
  // What follows the end of the input reads as zeros.
  const shown = new Uint8Array(expected.length);
  shown.set(rom);
  ensure(
    Buffer.compare(shown, expected) === 0,
    () => `the ROM pages of ${inode.entryOffset} are not the file`,
  );
}

function tar({ tally }: Subject, image: CramfsImage): void {
  let length = 0;
  const onError = ({ code }: CramfsError): void => {
    tally.count(`tar ${code}`);
  };
  for (const chunk of tarChunks(image, { onError })) {
    length += chunk.length;
    if (length > TAR_BUDGET) return;
  }
  ensure(length % 10240 === 0, () => `a tar of ${length} bytes`);
}

function diff({ mutant, tally, walksCleanly, readError }: Subject, image: CramfsImage): void {
  const { seed } = mutant;
  const original = openImage(seed.bytes, { offset: seed.anatomy.base, zlib: nodeZlib });
  attempt(tally, () => diffImages(original, image, { layout: true }));
  if (!walksCleanly || readError !== undefined) return;
  const differences = diffImages(image, openImage(image.bytes, { blockSize: image.blockSize }));
  ensure(differences.length === 0, () => `differs from itself in ${differences[0]!.path}`);
}
