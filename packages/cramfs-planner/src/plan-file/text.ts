import { CramfsError, isBlockSize, nameToText, textToName } from 'cramfs-format';
import { PF_R, PF_W, PF_X } from 'cramfs-elf';
import type { PlanLine, XipPlan } from './plan.js';

const VERSION = 1;
const MAX_PAGES = 2 ** 24;

/**
 * A plan as text, for people and for git: a line per part, in the order of the image.
 *
 * @param notes lines of comment at the start.
 */
export function formatPlan(plan: XipPlan, notes: readonly string[] = []): string {
  const { mmu, pageSize, align, lines } = plan;
  return [
    '# What runs in place (docs/plan.md). cramfs build SOURCE IMAGE --xip-plan THIS',
    ...notes.map((note) => `# ${note}`),
    `cramfs-xip-plan ${VERSION}`,
    `kernel ${mmu ? 'mmu' : 'nommu'}`,
    `page-size ${pageSize}`,
    ...(align === undefined ? [] : [`align ${align}`]),
    '# pages in place of all, first page, part, CRC-32 of the part, file',
    ...lines.map(lineText),
    '',
  ].join('\n');
}

function lineText({ path, flags, first, pages, inPlace, crc }: PlanLine): string {
  const amount = `${inPlace}/${pages}`.padStart(9);
  const checksum = crc.toString(16).padStart(8, '0');
  return `${amount} ${String(first).padStart(5)} ${flagsText(flags)} ${checksum} ${nameToText(path)}`;
}

/** `r-x`, as in /proc/PID/maps. */
export function flagsText(flags: number): string {
  return [
    (flags & PF_R) === 0 ? '-' : 'r',
    (flags & PF_W) === 0 ? '-' : 'w',
    (flags & PF_X) === 0 ? '-' : 'x',
  ].join('');
}

/**
 * Reads what {@link formatPlan} writes, with any number of blanks between words.
 *
 * @throws CramfsError BAD_SOURCE naming the line.
 */
export function parsePlan(text: string): XipPlan {
  const parser = new PlanParser();
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trimStart();
    if (line !== '' && !line.startsWith('#')) parser.take(line, index + 1);
  }
  return parser.finish();
}

class PlanParser {
  private hasVersion = false;
  private readonly settings = new Map<string, string>();
  private readonly lines: PlanLine[] = [];

  take(line: string, number: number): void {
    const setting = /^(cramfs-xip-plan|kernel|page-size|align)\s+(\S+)\s*$/.exec(line);
    if (setting !== null) this.set(setting[1]!, setting[2]!, number);
    else if (!this.hasVersion) {
      throw planError(number, `not a plan: it should start with 'cramfs-xip-plan ${VERSION}'`);
    } else this.lines.push(this.part(line, number));
  }

  finish(): XipPlan {
    if (!this.hasVersion) {
      throw planError(1, `not a plan: it should start with 'cramfs-xip-plan ${VERSION}'`);
    }
    const kernel = this.settings.get('kernel');
    const pageSize = Number(this.settings.get('page-size'));
    const align = this.settings.get('align');
    if (kernel === undefined)
      throw planError(1, "the line 'kernel mmu' or 'kernel nommu' is missing");
    if (!isBlockSize(pageSize)) throw planError(1, "the line 'page-size 4096' is missing");
    return {
      mmu: kernel === 'mmu',
      pageSize,
      align: align === undefined ? undefined : Number(align),
      lines: this.lines,
    };
  }

  private set(name: string, value: string, number: number): void {
    const allowed: Readonly<Record<string, (given: string) => boolean>> = {
      'cramfs-xip-plan': (given) => given === String(VERSION),
      kernel: (given) => given === 'mmu' || given === 'nommu',
      'page-size': (given) => isBlockSize(Number(given)),
      align: (given) => /^[1-9][0-9]{0,5}$/.test(given),
    };
    if (name === 'cramfs-xip-plan' && !allowed[name]!(value)) {
      throw planError(number, `version ${value} is not known: this is version ${VERSION}`);
    }
    if (!allowed[name]!(value)) throw planError(number, `${name} cannot be ${value}`);
    if (this.settings.has(name)) throw planError(number, `${name} was given before`);
    if (name === 'cramfs-xip-plan') this.hasVersion = true;
    else if (!this.hasVersion) throw planError(number, `'cramfs-xip-plan ${VERSION}' comes first`);
    this.settings.set(name, value);
  }

  private part(line: string, number: number): PlanLine {
    const match =
      /^(\d{1,8})\/(\d{1,8})\s+(\d{1,8})\s+([r-])(w|-)([x-])\s+([0-9a-f]{8})\s(\/.*)$/.exec(line);
    if (match === null) {
      throw planError(
        number,
        "not a part: use 'IN/OF FIRST r-x CRC /PATH', such as '3/9 1 r-x 0123abcd /bin/sh'",
      );
    }
    const [inPlace, pages, first] = match.slice(1, 4).map(Number) as [number, number, number];
    const path = textToName(match[8]!);
    if (pages === 0 || first + pages > MAX_PAGES || inPlace > pages) {
      throw planError(number, `${inPlace} of ${pages} pages cannot be in place`);
    }
    const before = this.lines.at(-1);
    if (before?.path === path && first < before.first) {
      throw planError(number, 'the parts of a file go in the order of its pages');
    }
    if (before?.path !== path && this.lines.some((other) => other.path === path)) {
      throw planError(number, `the lines of ${nameToText(path)} are not together`);
    }
    const flags =
      (match[4] === 'r' ? PF_R : 0) | (match[5] === 'w' ? PF_W : 0) | (match[6] === 'x' ? PF_X : 0);
    return { path, flags, first, pages, inPlace, crc: parseInt(match[7]!, 16), line: number };
  }
}

/** The error of a line of a plan. */
export function planError(line: number, message: string): CramfsError {
  return new CramfsError('BAD_SOURCE', `line ${line}: ${message}`);
}
