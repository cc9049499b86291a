import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ALLOWANCES } from 'mkcramfs';
import { cramfs, fsck, mkcramfs } from './run-cli.js';

const COMMANDS = [
  'build',
  'plan',
  'info',
  'find',
  'ls',
  'tree',
  'stat',
  'cat',
  'blocks',
  'map',
  'mmap',
  'exec',
  'run',
  'view',
  'check',
  'diff',
  'extract',
  'tar',
];

test('help lists every command, and every command has help', async () => {
  const { code, stdout, stderr } = await cramfs(['--help']);
  expect([code, stderr]).toEqual([0, '']);
  const listed = stdout.match(/^ {2}(\w+)/gm)!.map((line) => line.trim());
  expect(listed).toEqual(COMMANDS);
  expect((await cramfs(['-h'])).stdout).toBe(stdout);
  expect((await cramfs(['help'])).stdout).toBe(stdout);
  for (const command of COMMANDS) {
    const help = await cramfs([command, '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(new RegExp(`^cramfs ${command} \\[OPTION\\.\\.\\.\\] [A-Z[]`));
    expect((await cramfs(['help', command])).stdout).toBe(help.stdout);
    expect((await cramfs([command, '-h'])).stdout).toBe(help.stdout);
  }
});

test('the help of build names all that can be allowed', async () => {
  const { stdout } = await cramfs(['build', '--help']);
  const words = stdout.split(/[\s,]+/);
  expect(words).toEqual(expect.arrayContaining([...ALLOWANCES, 'skip-unreadable']));
});

test('help fits 80 columns', async () => {
  const helps = [
    (await cramfs(['--help'])).stdout,
    ...(await Promise.all(COMMANDS.map(async (name) => (await cramfs([name, '-h'])).stdout))),
    (await mkcramfs(['--help'])).stdout,
    (await fsck(['--help'])).stdout,
  ];
  for (const line of helps.join('').split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
});

test('--version', async () => {
  expect(await cramfs(['--version'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^cramfs \d+\.\d+\.\d+\n$/) as string,
  });
});

test.each([
  [[], 'cramfs: missing command'],
  [['frobnicate'], "cramfs: there is no command 'frobnicate'\n"],
  [['infoo'], "cramfs: there is no command 'infoo'; did you mean 'info'?\n"],
  [['help', 'lss'], "cramfs: there is no command 'lss'; did you mean 'ls'?\n"],
  [['--json', 'ls', 'x'], 'cramfs: options go after the command: --json'],
  [['ls'], 'cramfs ls: missing argument: IMAGE'],
  [['cat', 'image'], 'cramfs cat: missing argument: PATH|GLOB...'],
  [['diff', 'a', 'b', 'c'], 'cramfs diff: unexpected argument: c'],
  [['ls', '--frobnicate', 'x'], 'cramfs ls: unknown option: --frobnicate\n'],
  [['ls', '-Q', 'x'], 'cramfs ls: unknown option: -Q\n'],
  [['ls', 'x', '-b'], 'cramfs ls: -b needs a value'],
  [['ls', 'x', '--offset=-1'], "cramfs ls: --offset cannot be '-1'"],
  [['info', 'x', '--json=yes'], "cramfs info: --json takes no value: 'yes'"],
  [['extract', 'x', '--no-owner='], "cramfs extract: --no-owner takes no value: ''"],
  [['map', 'x', '--phys=0'], 'cramfs map: --phys cannot be 0'],
  [['build', 'a', 'b', '--xip=yes'], "cramfs build: --xip cannot be 'yes'"],
  [['build', 'a', 'b', '--workers', '0'], "cramfs build: --workers cannot be '0'"],
  [['build', 'a', '-'], 'cramfs build: an image cannot be written to standard output'],
  [['ls', 'a\x1b[2J', 'b', '--offset=\x1b[2J'], String.raw`cramfs ls: --offset cannot be '\u{1b}`],
])('%j is a usage error', async (argv, message) => {
  const { code, stdout, stderr } = await cramfs(argv);
  expect([code, stdout]).toEqual([16, '']);
  expect(stderr.startsWith(message)).toBe(true);
  expect(stderr).toMatch(/^[^\n]+\nTry 'cramfs( \w+)? --help'\.\n$/);
});

test('a word after -- is not an option', async () => {
  const { code, stderr } = await cramfs(['ls', '--', '--json']);
  expect([code, stderr]).toEqual([8, 'cramfs: --json: no such file or directory\n']);
});

test('docs/cli.md has every command and every option', async () => {
  const manual = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
  const sections = manual.split(/^## /m).slice(1);
  // Text that many commands share is printed once.
  const common = sections.filter((section) => /^(?:Images|On a terminal)\n/.test(section)).join('');
  for (const command of COMMANDS) {
    const own = sections.find((section) =>
      section.split('\n', 1)[0]!.split(/\W+/).includes(command),
    );
    expect(own, command).toBeDefined();
    const { stdout } = await cramfs([command, '--help']);
    const signatures = stdout.replaceAll('[no-]', '').match(/^ {2,6}-.*?(?= {2}|$)/gm)!;
    for (const name of signatures.flatMap((line) => line.match(/(?<![\w-])--?[\w-]+/g)!)) {
      if (name === '-h' || name === '--help') continue;
      const described = own!.includes(name) || common.includes(name);
      expect(described, `${command} ${name}`).toBe(true);
    }
  }
});
