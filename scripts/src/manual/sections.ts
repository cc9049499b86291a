/** docs/cli.md, by section. */
export class Manual {
  private readonly sections: readonly { readonly title: string; readonly body: string }[];

  constructor(markdown: string) {
    this.sections = markdown
      .split(/^## /m)
      .slice(1)
      .map((text) => {
        const end = text.indexOf('\n');
        return { title: text.slice(0, end), body: text.slice(end + 1).trim() };
      });
  }

  /** The section with this title. */
  titled(title: string): string {
    const found = this.sections.find((section) => section.title === title);
    if (found === undefined) throw new Error(`docs/cli.md: no section "${title}"`);
    return found.body;
  }

  /** The section about a command, whose title names it among others. */
  about(command: string): string {
    const found = this.sections.find(({ title }) => title.split(/[\s,]+/).includes(command));
    if (found === undefined) throw new Error(`docs/cli.md: no section about ${command}`);
    return found.body;
  }
}

/** A section's list items about options, apart from the rest. */
export interface OptionTexts {
  /** What an option with this spelling does, as Markdown. */
  readonly texts: ReadonlyMap<string, string>;
  readonly rest: string;
}

/** Takes items such as "- `-l`, `--long`: as ls -l does." out of a section. */
export function takeOptionTexts(markdown: string): OptionTexts {
  const texts = new Map<string, string>();
  const rest = markdown.replace(
    /^- ((?:`-[^`]*`(?:, )?)+)([^]*?)(?=\n- |\n\n|$(?![^]))/gm,
    (_item, names: string, text: string) => {
      const description = text.replace(/^ ?\(repeatable[^)]*\)/, '').replace(/^: */, '');
      // Text about several options at once would say too much about each.
      const several = text.includes('; `--') || names.split('`--').length > 2;
      for (const [, name] of names.matchAll(/`(--?[\w-]+)/g)) {
        if (!several) texts.set(name!, description.replace(/\n {2}/g, '\n').trim());
      }
      return '';
    },
  );
  return { texts, rest: rest.replace(/^[A-Z][\w ,]*(?: \([^)]*\))?:\n*(?=\n|$)/gm, '').trim() };
}
