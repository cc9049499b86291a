import { spellings, type CliOption, type CliOptions } from './option-types.js';

/** Help is for terminals of this width. */
const WIDTH = 80;
/** Descriptions of options start here. */
const INDENT = 26;

/** How an option is written, with its value: `-b, --block-size SIZE`, `--xip[=none|nommu|mmu]`. */
export function optionSignature(name: string, option: CliOption): string {
  const names = spellings(name, option);
  if (option.type === 'boolean') {
    // Off by default: nobody needs to turn it off.
    const both = option.default !== false;
    return both ? names.join(', ').replace(`--${name}`, `--[no-]${name}`) : names.join(', ');
  }
  const optional = option.type === 'string' && option.implied !== undefined;
  if (optional) return `${names.join(', ')}[=${option.metavar}]`;
  return `${names.join(', ')} ${option.metavar}`;
}

/** One option and what it does, as help lists it. */
export type HelpLine = readonly [signature: string, description: string];

/** The options of a command, with the common options last. */
export function optionLines(options: CliOptions): HelpLine[] {
  return [
    ...Object.entries(options).map(([name, option]): HelpLine => {
      const repeatable = option.type === 'array' ? ' (repeatable)' : '';
      return [optionSignature(name, option), option.describe + repeatable];
    }),
    ['-h, --help', 'print this help'],
  ];
}

/** Lines of options, aligned; an option without a letter is aligned with the long names of the others. */
export function renderOptions(lines: readonly HelpLine[]): string {
  return lines
    .map(([signature, description]) => {
      const head = `  ${signature.startsWith('--') ? '    ' : ''}${signature}`;
      const text = wrap(description, WIDTH - INDENT).map((line) => ' '.repeat(INDENT) + line);
      // Beside the signature if that leaves two spaces between them.
      const beside = head.length <= INDENT - 2;
      const [first = '', ...rest] = text;
      const start = beside ? [head.padEnd(INDENT) + first.trimStart()] : [head, first];
      return [...start, ...rest].map((line) => `${line}\n`).join('');
    })
    .join('');
}

/** Paragraphs, separated by empty lines, each wrapped. */
export function renderParagraphs(text: string): string {
  return text
    .split(/\n{2,}/)
    .map((paragraph) => `${wrap(paragraph, WIDTH).join('\n')}\n`)
    .join('\n');
}

/** Breaks `text` at spaces into lines of at most `width` characters; longer words stay whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line += (line === '' ? '' : ' ') + word;
  }
  return [...lines, line];
}
