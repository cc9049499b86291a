import { lexer, type Token, type Tokens } from 'marked';

/** Text as roff prints it: no character of it means anything. */
export function escape(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');
}

/** A title line and the pages' usual head. */
export function titleLine(name: string, section: number, version: string): string {
  return `.TH "${escape(name.toUpperCase())}" "${section}" "" "cramfs ${version}" "cramfs toolkit"\n`;
}

export function heading(text: string): string {
  return `.SH "${escape(text.toUpperCase())}"\n`;
}

/** A term and what it is. */
export function item(term: string, roff: string): string {
  return `.TP\n\\fB${escape(term)}\\fR\n${roff}`;
}

/** Markdown: paragraphs, lists, tables and examples, with their inline marks. */
export function markdownToRoff(markdown: string): string {
  return tokensToRoff(lexer(markdown));
}

function tokensToRoff(tokens: readonly Token[]): string {
  return tokens.map(blockToRoff).join('');
}

function blockToRoff(token: Token): string {
  switch (token.type) {
    case 'paragraph':
      return `.PP\n${inlineToRoff((token as Tokens.Paragraph).tokens)}\n`;
    case 'text':
      return `${inlineToRoff((token as Tokens.Text).tokens ?? [token])}\n`;
    case 'code':
      return `.PP\n.nf\n.RS 4\n${escape((token as Tokens.Code).text)}\n.RE\n.fi\n`;
    case 'list':
      return (token as Tokens.List).items
        .map((each) => `.IP \\(bu 3\n${tokensToRoff(each.tokens)}`)
        .join('');
    case 'table':
      return tableToRoff(token as Tokens.Table);
    case 'heading':
      return `.SS\n${inlineToRoff((token as Tokens.Heading).tokens)}\n`;
    case 'space':
      return '';
    default:
      throw new Error(`no roff for ${token.type}: ${token.raw}`);
  }
}

/** Each row as an item: its first cell, then the others under their titles. */
function tableToRoff({ header, rows }: Tokens.Table): string {
  return rows
    .map(([first, ...others]) => {
      const cells = others.flatMap((cell, index) => {
        const text = inlineToRoff(cell.tokens);
        const title = inlineToRoff(header[index + 1]!.tokens);
        if (text === '') return [];
        return others.length === 1 ? [text] : [`${title}: ${text}`];
      });
      return `.TP\n\\fB${inlineToRoff(first!.tokens)}\\fR\n${cells.join('\n.br\n')}\n`;
    })
    .join('');
}

function inlineToRoff(tokens: readonly Token[]): string {
  return tokens
    .map(spanToRoff)
    .join('')
    .replace(/^(?=[.'])/gm, '\\&');
}

function spanToRoff(token: Token): string {
  switch (token.type) {
    case 'codespan':
      return `\\fB${escape(unescapeHtml((token as Tokens.Codespan).text))}\\fR`;
    case 'strong':
    case 'em':
      return `\\fI${inlineToRoff((token as Tokens.Em).tokens)}\\fR`;
    case 'link':
      return inlineToRoff((token as Tokens.Link).tokens);
    case 'text':
    case 'escape':
      return escape(unescapeHtml((token as Tokens.Text).text));
    default:
      throw new Error(`no roff for ${token.type}: ${token.raw}`);
  }
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
