import { Arguments } from './arguments.js';
import { CALLS } from './calls/index.js';
import { MOUNTS, MOUNT_WORDS } from './mounts.js';
import { ScenarioError } from './scenario-error.js';
import type { Line, Statement } from './statement.js';

/** @throws ScenarioError */
export function parseScenario(text: string): Statement[] {
  const statements = text
    .split('\n')
    .map((line, index) => parseScenarioLine(line, index + 1))
    .filter((statement) => statement !== undefined);
  checkBlocks(statements);
  return statements;
}

/**
 * Parses one line of a scenario by itself.
 *
 * @param n its number, from 1.
 * @returns undefined for an empty line, or one with only a comment.
 * @throws ScenarioError
 */
export function parseScenarioLine(line: string, n: number): Statement | undefined {
  const cmd = line.replace(/#.*/, '').trim();
  if (cmd === '') return undefined;
  const [word = '', ...words] = cmd.split(/\s+/);
  const args = new Arguments(n, words);
  const statement = parseStatement({ n, cmd }, word, args);
  args.end();
  return statement;
}

/** @throws ScenarioError if `fork` and `end` are not in pairs. */
function checkBlocks(statements: readonly Statement[]): void {
  const open: Statement[] = [];
  for (const statement of statements) {
    if (statement.op === 'fork') open.push(statement);
    if (statement.op === 'end' && open.pop() === undefined) {
      throw new ScenarioError(statement.n, 'end without fork');
    }
  }
  const last = open.pop();
  if (last !== undefined) throw new ScenarioError(last.n, 'fork without end');
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
    case 'fork':
    case 'end':
      return { n, cmd, op: word };
    case 'switch':
      return { n, cmd, op: word, process: args.number() };
    case 'exec':
      return { n, cmd, op: word, path: args.text() };
  }
  const parse = CALLS.get(word) ?? args.fail(`no such operation: ${word}`);
  return { n, cmd, op: 'call', word, perform: parse(args) };
}
