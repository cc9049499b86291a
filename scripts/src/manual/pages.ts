import {
  COMMANDS,
  FSCK_CRAMFS,
  MKCRAMFS,
  optionLines,
  spellings,
  type CommandEntry,
  type CommandShape,
  type DropInShape,
} from 'cramfs-cli/shapes';
import { escape, heading, item, markdownToRoff, titleLine } from './roff.js';
import { Manual, takeOptionTexts } from './sections.js';

/** A file below the directory of manual pages, such as `man1/cramfs.1`. */
export interface ManualPage {
  readonly path: string;
  readonly roff: string;
}

/**
 * All manual pages, of the tables that `--help` prints and of what docs/cli.md says.
 *
 * @param markdown docs/cli.md.
 */
export async function manualPages(markdown: string, version: string): Promise<ManualPage[]> {
  const manual = new Manual(markdown);
  const commands = await Promise.all(
    COMMANDS.map(async (entry): Promise<ManualPage> => ({
      path: `man1/cramfs-${entry.name}.1`,
      roff: commandPage({ entry, shape: (await entry.load()).shape, manual, version }),
    })),
  );
  return [
    { path: 'man1/cramfs.1', roff: rootPage(manual, version) },
    ...commands,
    { path: 'man1/xip-emu.1', roff: '.so man1/cramfs-run.1\n' },
    ...[MKCRAMFS, FSCK_CRAMFS].flatMap((shape) => [
      { path: `man8/${shape.name}.8`, roff: dropInPage(shape, manual, version) },
      { path: `man8/${shape.alsoAs}.8`, roff: `.so man8/${shape.name}.8\n` },
    ]),
  ];
}

function name(what: string, summary: string): string {
  return `${heading('Name')}${escape(what)} \\- ${escape(summary)}\n`;
}

function synopsis(program: string, words: string): string {
  return `${heading('Synopsis')}\\fB${escape(program)}\\fR ${escape(words)}\n`;
}

function rootPage(manual: Manual, version: string): string {
  const commands = COMMANDS.map((each) =>
    item(`cramfs-${each.name}(1)`, `${escape(each.summary)}\n`),
  );
  const sections = ['Images', 'Names and patterns', 'Exit codes', 'Examples', 'Environment'].map(
    (title) => heading(title) + markdownToRoff(manual.titled(title)),
  );
  return [
    titleLine('cramfs', 1, version),
    name('cramfs', 'build, read, check and explain cramfs images'),
    synopsis('cramfs', 'COMMAND [OPTION...] ARGUMENT...'),
    heading('Commands'),
    ...commands,
    ...sections,
    seeAlso(['mkcramfs(8)', 'fsck.cramfs(8)']),
  ].join('');
}

interface CommandPage {
  readonly entry: CommandEntry;
  readonly shape: CommandShape;
  readonly manual: Manual;
  readonly version: string;
}

function commandPage({ entry, shape, manual, version }: CommandPage): string {
  const { name: command, summary } = entry;
  const { texts, rest } = takeOptionTexts(manual.about(command));
  const names = Object.entries(shape.options).map(([option, each]) => spellings(option, each));
  const options = optionLines(shape.options).map(([signature, description], index) => {
    const own = (names[index] ?? []).flatMap((spelling) => texts.get(spelling) ?? []);
    return item(signature, optionText(own[0] ?? description));
  });
  return [
    titleLine(`cramfs-${command}`, 1, version),
    name(`cramfs-${command}`, summary),
    synopsis(`cramfs ${command}`, `[OPTION...] ${shape.synopsis}`),
    heading('Description'),
    markdownToRoff(rest),
    heading('Options'),
    ...options,
    seeAlso(['cramfs(1), for images, patterns and exit codes']),
  ].join('');
}

function dropInPage(shape: DropInShape, manual: Manual, version: string): string {
  return [
    titleLine(shape.name, 8, version),
    name(`${shape.name}, ${shape.alsoAs}`, shape.summary),
    synopsis(shape.name, shape.synopsis),
    heading('Description'),
    markdownToRoff(manual.about(shape.name).replace(/^ {4}[^]*?\n\n/, '')),
    heading('Options'),
    ...shape.options.map(([signature, description]) => item(signature, optionText(description))),
    heading('Exit status'),
    `${escape(shape.exitCodes)}.\n`,
    seeAlso(['cramfs(1)']),
  ].join('');
}

/** An option's text, from a table or docs/cli.md, as one item's. */
function optionText(markdown: string): string {
  return markdownToRoff(markdown.replace(/</g, '\\<')).replace(/^\.PP\n/, '');
}

function seeAlso(pages: readonly string[]): string {
  return `${heading('See also')}${pages.map(escape).join(',\n')}\n`;
}
