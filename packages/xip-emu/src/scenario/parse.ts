import { Arguments } from './arguments.js';
import { CALLS } from './calls/index.js';
import { MOUNTS, MOUNT_WORDS } from './mounts.js';
import { ScenarioError } from './scenario-error.js';
import type { Line, Statement } from './statement.js';

/** @throws ScenarioError */
export function parseScenario(text: string): Statement[] {
  const lines = text
    .split('\n')
    .map((line, index): Line => ({ n: index + 1, cmd: line.replace(/#.*/, '').trim() }))
    .filter(({ cmd }) => cmd !== '');
  const reader = { lines, at: 0 };
  const statements = parseBlock(reader);
  const rest = lines[reader.at];
  if (rest !== undefined) throw new ScenarioError(rest.n, 'end without fork');
  return statements;
}

interface LineReader {
  readonly lines: readonly Line[];
  at: number;
}

/** Statements up to `end` or the end of the text; does not take the `end`. */
function parseBlock(reader: LineReader): Statement[] {
  const statements: Statement[] = [];
  for (;;) {
    const line = reader.lines[reader.at];
    if (line === undefined || line.cmd === 'end') return statements;
    reader.at += 1;
    if (line.cmd === 'fork') {
      const body = parseBlock(reader);
      const end = reader.lines[reader.at];
      if (end === undefined) throw new ScenarioError(line.n, 'fork without end');
      reader.at += 1;
      statements.push({ ...line, op: 'fork', body, end });
    } else {
      statements.push(parseLine(line));
    }
  }
}

function parseLine(line: Line): Statement {
  const [word = '', ...words] = line.cmd.split(/\s+/);
  const args = new Arguments(line.n, words);
  const statement = parseStatement(line, word, args);
  args.end();
  return statement;
}

function parseStatement({ n, cmd }: Line, word: string, args: Arguments): Statement {
  switch (word) {
    case 'mount': {
      const kind = MOUNT_WORDS.get(args.word([...MOUNT_WORDS.keys()]))!;
      const file = MOUNTS[kind].takesArchive ? args.text() : undefined;
      const options = args.mountOptions();
      return { n, cmd, op: word, kind, file, options };
    }
    case 'tune':
      args.word(['fault_around']);
      return { n, cmd, op: word, bytes: args.number() };
    case 'exec':
      return { n, cmd, op: word, path: args.text() };
  }
  const parse = CALLS.get(word) ?? args.fail(`no such operation: ${word}`);
  return { n, cmd, op: 'call', word, perform: parse(args) };
}
