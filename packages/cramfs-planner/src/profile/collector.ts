import { isReadOnlyFile, parseProcArea, type ReadOnlyArea } from './proc-maps.js';
import { isPageSize, lineError, ProfileBuilder } from './profile-builder.js';
import type { Profile } from './profile.js';
import { addResident } from './smaps.js';

const MAGIC = 'cramfs-touched';
const VERSION = '1';

/** True for the first line of such a file. */
export function isCollectorLine(line: string): boolean {
  return line.startsWith(`${MAGIC} `);
}

/**
 * Parses what contrib/collect-profile writes on the target: for each read-only area of every process its line
 * of /proc/PID/maps, followed by its pages from pagemap, or its counts from smaps.
 *
 * @param text one character per byte.
 * @throws CramfsError BAD_SOURCE naming the line.
 */
export function parseCollected(text: string, source: string): Profile {
  const parser = new CollectorParser(source);
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) parser.take(line, index + 1);
  return parser.finish(lines.length);
}

class CollectorParser {
  private readonly builder: ProfileBuilder;
  private area: ReadOnlyArea | undefined;
  private isComplete = false;

  constructor(source: string) {
    this.builder = new ProfileBuilder(source, 'collector', 'mapped');
  }

  take(line: string, number: number): void {
    if (line === '' || line.startsWith('#')) return;
    const [word = ''] = line.split(' ', 1);
    const rest = line.slice(word.length + 1);
    const expect = (isRight: boolean, what: string): void => {
      if (!isRight) throw lineError(number, what);
    };
    expect(number === 1 || !this.isComplete, 'more after the last line');
    switch (word) {
      case MAGIC:
        expect(rest === VERSION, `version ${rest} is not known: this is version ${VERSION}`);
        return;
      case 'page-size':
        expect(isPageSize(Number(rest)), `${rest} is not the size of a page`);
        this.builder.pageSize = Number(rest);
        return;
      case 'fault-around':
        expect(/^(unknown|\d{1,9})$/.test(rest), 'fault-around should be a number of bytes');
        if (rest !== 'unknown') this.builder.faultAround = Number(rest);
        return;
      case 'process':
        this.area = undefined;
        return;
      case 'area': {
        const area = parseProcArea(rest);
        if (area === undefined || !isReadOnlyFile(area)) {
          throw lineError(number, 'not a read-only area of a file, as in /proc/PID/maps');
        }
        this.area = area;
        return;
      }
      case 'pages':
        this.takePages(rest, this.areaAt(number), number);
        return;
      case 'rss': {
        const area = this.areaAt(number);
        expect(/^\d{1,12} kB$/.test(rest), 'rss should be a number of kB');
        addResident(this.builder, area, Number.parseInt(rest, 10) * 1024);
        return;
      }
      case 'end':
        this.isComplete = true;
        return;
      default:
        throw lineError(number, `the word '${printable(word)}' is not known`);
    }
  }

  finish(lines: number): Profile {
    if (!this.isComplete) throw lineError(lines, "cut off: the last line should be 'end'");
    return this.builder.build();
  }

  /** The area that a line is about: each line has its own. */
  private areaAt(number: number): ReadOnlyArea {
    const { area } = this;
    if (area === undefined) throw lineError(number, 'there is no area before it');
    this.area = undefined;
    return area;
  }

  private takePages(
    text: string,
    { path, start, end, offset }: ReadOnlyArea,
    number: number,
  ): void {
    const { pageSize } = this.builder;
    const pages = (end - start) / pageSize;
    let before = -1;
    for (const word of text === '' ? [] : text.split(',')) {
      const [, first, last = first] = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(word) ?? [];
      const from = Number(first);
      const to = Number(last);
      if (first === undefined || from <= before || to < from || to >= pages) {
        throw lineError(number, `'${printable(word)}' are not pages of an area of ${pages} pages`);
      }
      before = to;
      this.builder.touch(path, { first: from + offset / pageSize, pages: to - from + 1 });
    }
  }
}

/** A short piece of a line of a hostile file. */
function printable(word = ''): string {
  return word.slice(0, 20).replace(/[^ -~]/g, '?');
}
