import { bytesToName, CramfsError, isCramfsError, withPath } from 'cramfs-format';
import { isAxfsLine, parseAxfs } from './axfs.js';
import { isCollectorLine, parseCollected } from './collector.js';
import { isFincoreLine, parseFincore, parseFincoreJson } from './fincore.js';
import { parseProfile } from './json-form.js';
import { parsePagemap } from './pagemap.js';
import { parseProcArea } from './proc-maps.js';
import type { Profile } from './profile.js';
import { isRunRecordLine, parseRunRecord } from './run-record.js';
import { parseSmaps } from './smaps.js';
import { isVmtouchLine, parseVmtouch } from './vmtouch.js';

/** A file of a profile, in any of the formats. */
export interface ProfileFile {
  /** A byte string, for messages. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** How many lines at the start of a file must reveal its format. */
const SAMPLE = 1 << 16;
const FORMATS =
  'the JSON form, a record of collect-profile.sh or cramfs run, CSV of AXFS, /proc/PID/smaps, ' +
  '/proc/PID/maps with pagemap after it, or output of fincore or vmtouch -v';

/**
 * Reads profiles; recognises the format of each by its content. A /proc/PID/pagemap is read with the maps or
 * smaps right before it.
 *
 * @throws CramfsError BAD_SOURCE naming the file and the line.
 */
export function readProfiles(files: readonly ProfileFile[]): Profile[] {
  return files.flatMap((file, index) => {
    const next = files[index + 1];
    try {
      if (isPagemap(file.bytes)) return readPagemap(file, files[index - 1]);
      // A pagemap belongs to the maps before it: read them together.
      if (next !== undefined && isPagemap(next.bytes) && isMaps(file.bytes)) return [];
      return [readProfile(file)];
    } catch (error) {
      throw isCramfsError(error) ? withPath(error, file.name) : error;
    }
  });
}

function readPagemap({ name, bytes }: ProfileFile, maps: ProfileFile | undefined): Profile[] {
  if (maps === undefined || !isMaps(maps.bytes)) {
    throw new CramfsError(
      'BAD_SOURCE',
      'a pagemap says nothing by itself: give the /proc/PID/maps of the same process before it',
    );
  }
  return [parsePagemap(bytes, bytesToName(maps.bytes), name)];
}

function readProfile({ name, bytes }: ProfileFile): Profile {
  if (bytes.length === 0) throw new CramfsError('BAD_SOURCE', 'empty: not a profile');
  const sample = linesOf(bytesToName(bytes.subarray(0, SAMPLE)));
  const first = sample[0] ?? '';
  if (isRunRecordLine(first)) return parseRunRecord(bytesToName(bytes), name);
  if (first.trimStart().startsWith('{')) return readJson(bytes, name);
  if (isCollectorLine(first)) return parseCollected(bytesToName(bytes), name);
  if (parseProcArea(first) !== undefined) return readSmaps(bytes, name);
  if (sample.some(isVmtouchLine)) return parseVmtouch(bytesToName(bytes), name);
  if (isFincoreLine(first)) return parseFincore(bytesToName(bytes), name);
  if (isAxfsLine(first)) return parseAxfs(bytesToName(bytes), name);
  throw new CramfsError('BAD_SOURCE', `not a profile: it should be ${FORMATS}`);
}

function readSmaps(bytes: Uint8Array, name: string): Profile {
  const text = bytesToName(bytes);
  if (!/^Rss: /m.test(text)) {
    throw new CramfsError(
      'BAD_SOURCE',
      'maps says what is mapped, not what is touched: give smaps, or the pagemap of the process after it',
    );
  }
  return parseSmaps(text, name);
}

function readJson(bytes: Uint8Array, name: string): Profile {
  // fincore writes the bytes of names unchanged; JSON of other tools is UTF-8.
  const listed = fincoreOf(bytesToName(bytes));
  if (listed !== undefined) return parseFincoreJson(listed, name);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CramfsError(
      'BAD_SOURCE',
      'not UTF-8, which JSON must be: cut off, or another format',
    );
  }
  return parseProfile(text, name);
}

function fincoreOf(text: string): unknown {
  if (!/^\s*\{\s*"fincore"/.test(text)) return undefined;
  try {
    return (JSON.parse(text) as { fincore: unknown }).fincore;
  } catch {
    return undefined;
  }
}

/** Lines with something in them. */
function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

function isMaps(bytes: Uint8Array): boolean {
  const [first = ''] = linesOf(bytesToName(bytes.subarray(0, SAMPLE)));
  return parseProcArea(first) !== undefined;
}

/** Entries of eight bytes, most of them zeros; text has no zeros. */
function isPagemap(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && bytes.length % 8 === 0 && bytes.subarray(0, SAMPLE).includes(0);
}
