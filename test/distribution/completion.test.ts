import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  bashCompletion,
  fishCompletion,
  zshCompletion,
} from '../../scripts/src/completion/shells.js';
import { completedCommands } from '../../scripts/src/completion/words.js';
import { describeWithPeers, runPeerOk } from '../helpers/peers.js';

/*
 * What shells make of a line when Tab is pressed: commands, options, their values, files. bash and zsh are
 * asked on a terminal of script(1), as a user does.
 */

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'completion-'));
  const commands = await completedCommands();
  writeFileSync(join(folder, 'cramfs.bash'), bashCompletion(commands));
  writeFileSync(join(folder, '_cramfs'), zshCompletion(commands));
  writeFileSync(join(folder, 'cramfs.fish'), fishCompletion(commands));
  writeFileSync(join(folder, 'some-file.img'), '');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Lines with Tab in them, and what becomes of them; the ends are unambiguous. */
const LINES: readonly (readonly [typed: string, completed: string])[] = [
  ['extr\t', 'extract'],
  ['help ext\t', 'help extract'],
  ['ls --js\t', 'ls --json'],
  ['extract --no-o\t', 'extract --no-owner'],
  ['map --sort dir\t', 'map --sort direct'],
  ['map --color=al\t', 'map --color=always'],
  ['build --endian b\t', 'build --endian big'],
  ['build --endian=b\t', 'build --endian=big'],
  ['build -N b\t', 'build -N big'],
  ['build --xip=nom\t', 'build --xip=nommu'],
  ['ls som\t', 'ls some-file.img'],
  ['tar some-file.img --output som\t', 'tar some-file.img --output some-file.img'],
  ['ls -l som\t', 'ls -l some-file.img'],
];

/** Types the lines on a terminal; a function of the command's name shows what it gets. */
function typed(shell: string, setUp: readonly string[]): string[] {
  const lines = [...setUp, ...LINES.map(([line]) => `cramfs ${line}`), 'exit'];
  const output = runPeerOk('script', ['-qec', `TERM=dumb ${shell}`, '/dev/null'], {
    cwd: folder,
    input: Buffer.from(lines.map((line) => `${line}\n`).join('')),
  }).toString();
  return [...output.matchAll(/^got: (.*?)\r?$/gm)].map(([, words]) => words!.trim());
}

const EXPECTED = LINES.map(([, completed]) => completed);

describeWithPeers(['bash', 'script'], 'completion of bash', () => {
  test('on a terminal', () => {
    const words = typed('bash --norc --noprofile -i', [
      'cramfs() { echo "got: $*"; }',
      '. ./cramfs.bash',
    ]);
    expect(words).toEqual(EXPECTED);
  });

  /** What is offered after a line that ends where the cursor is. */
  function offered(line: string): string[] {
    const words = line.split(/ |(?==)|(?<==)/);
    const script = `. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cramfs; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const argv = ['-c', script, join(folder, 'cramfs.bash'), ...words];
    return runPeerOk('bash', argv).toString().trim().split('\n');
  }

  test.each([
    ['cramfs m', ['map', 'mmap']],
    ['cramfs help ext', ['extract']],
    ['cramfs ls --js', ['--json']],
    ['cramfs extract --no-o', ['--no-owner']],
    ['cramfs build --endian b', ['big']],
    ['cramfs build --endian=b', ['big']],
    ['cramfs build --xip=', ['none', 'nommu', 'mmu']],
    ['cramfs build --xip=n', ['none', 'nommu']],
    ['cramfs ls some', ['']],
  ])('%s', (line, expected) => {
    expect(offered(line)).toEqual(expected);
  });
});

describeWithPeers(['zsh', 'script'], 'completion of zsh', () => {
  test('on a terminal', () => {
    const words = typed('zsh -f -i', [
      'PROMPT= RPROMPT=; unsetopt beep; fpath=($PWD $fpath)',
      'autoload -Uz compinit; compinit -D -u; cramfs() { print "got: $*" }',
    ]);
    expect(words).toEqual(EXPECTED);
  });

  test('the file has no syntax error', () => {
    runPeerOk('zsh', ['-n', join(folder, '_cramfs')]);
  });
});

describeWithPeers('fish', 'completion of fish', () => {
  function offered(line: string): string[] {
    const script = `source cramfs.fish; complete -C '${line}'`;
    const lines = runPeerOk('fish', ['-c', script], { cwd: folder }).toString().split('\n');
    return lines.map((each) => each.split('\t')[0]!).filter((word) => word !== '');
  }

  test.each([
    ['cramfs m', ['map', 'mmap']],
    ['cramfs help ext', ['extract']],
    ['cramfs ls --js', ['--json']],
    ['cramfs extract --no-o', ['--no-owner']],
    ['cramfs build --endian b', ['big']],
    ['cramfs build --endian=b', ['--endian=big']],
    ['cramfs build --xip=n', ['--xip=none', '--xip=nommu']],
    ['cramfs build --xip no', ['none', 'nommu']],
    ['cramfs map --sort d', ['direct']],
    ['cramfs ls som', ['some-file.img']],
    ['cramfs tar some-file.img --output som', ['some-file.img']],
  ])('%s', (line, expected) => {
    expect(offered(line).sort()).toEqual([...expected].sort());
  });
});
