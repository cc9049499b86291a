import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { builtFile } from '../helpers/built.js';
import { buildRawImage, file, noise, text } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { cramfs, interruptTool, launcher, runTool } from './run-cli.js';
import { sampleImage } from './sample-image.js';

const folder = new Folder();
let image: string;
beforeEach(() => {
  image = folder.write('sample.img', sampleImage().bytes);
});

/** Runs a line of shell, in which $CRAMFS is our launcher. */
function shell(line: string): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', `set -o pipefail; ${line}`], {
    cwd: folder.path(),
    env: { ...process.env, CRAMFS: `${process.execPath} ${launcher('cramfs')}` },
  });
  return { status, stdout: stdout.toString(), stderr: stderr.toString() };
}

test('the launchers are executable and start with #!', () => {
  for (const tool of ['cramfs', 'mkcramfs', 'fsck.cramfs', 'xip-emu']) {
    expect(statSync(launcher(tool)).mode & 0o111).toBe(0o111);
    expect(readFileSync(launcher(tool), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  }
});

test('every tool runs, and says with its exit code how it went', () => {
  const target = folder.path('out.img');
  const source = folder.path('source');
  mkdirSync(source);
  writeFileSync(join(source, 'a'), 'content');
  expect(runTool('mkcramfs', [source, target]).status).toBe(0);
  expect(runTool('fsck.cramfs', ['-v', target]).stdout.toString()).toMatch(/: OK\n$/);
  expect(runTool('cramfs', ['cat', target, '/a']).stdout.toString()).toBe('content');
  expect(runTool('cramfs', ['cat', target, '/b']).status).toBe(8);
  expect(runTool('mkcramfs', []).status).toBe(16);
  expect(runTool('fsck.cramfs', [launcher('cramfs')]).status).toBe(4);
});

test('without a build the launchers say so', () => {
  const bin = folder.path('cli', 'bin');
  cpSync(dirname(launcher('cramfs')), bin, { recursive: true });
  for (const tool of ['cramfs', 'mkcramfs', 'fsck.cramfs', 'xip-emu']) {
    const { status, stderr } = spawnSync(process.execPath, [join(bin, `${tool}.js`)]);
    expect([status, stderr.toString()]).toEqual([8, `${tool}: not built: run npm run build\n`]);
  }
});

/** A copy of the command line, and where it was copied from. */
function copyOfCli(): { readonly built: string; readonly cli: string } {
  const [built, cli] = [dirname(dirname(launcher('cramfs'))), folder.path('cli')];
  for (const part of ['bin', 'bundle', 'package.json']) {
    cpSync(join(built, part), join(cli, part), { recursive: true });
  }
  symlinkSync(builtFile('node_modules'), join(cli, 'node_modules'));
  return { built, cli };
}

test('a command does the same with compiled modules, with those of another Node.js, and without', () => {
  const { built, cli } = copyOfCli();
  const compiled = join(cli, 'bundle/compiled.bin');
  const list = (): string =>
    spawnSync(process.execPath, [join(cli, 'bin/cramfs.js'), 'ls', '-lR', image]).stdout.toString();
  const [bytes, listing] = [readFileSync(compiled), list()];
  expect(bytes.indexOf(`${process.version} ${process.arch}`)).toBeGreaterThan(0);
  expect(listing).toContain('héllo');
  // The sources are gone: only the compiled modules can have done it.
  for (const name of readdirSync(dirname(compiled))) {
    if (name.endsWith('.cjs') && name !== 'main.cjs') rmSync(join(cli, 'bundle', name));
  }
  expect(list()).toBe(listing);
  cpSync(join(built, 'bundle'), join(cli, 'bundle'), { recursive: true });
  bytes.write('v1.2.3', bytes.indexOf(process.version), 'latin1');
  writeFileSync(compiled, bytes);
  expect(list()).toBe(listing);
  rmSync(compiled);
  expect(list()).toBe(listing);
});

describe('standard streams', () => {
  test('a reader that goes away is not an error', () => {
    const big = folder.path('big.img');
    writeFileSync(big, buildRawImage({ big: file(text(8_000_000)) }).bytes);
    for (const command of ['cat big.img /big', 'tar big.img', 'blocks big.img /big']) {
      const { status, stdout, stderr } = shell(`$CRAMFS ${command} | head -c 1`);
      expect([status, stdout.length, stderr]).toEqual([0, 1, '']);
    }
  });

  test('an output that cannot be written is one', () => {
    const { status, stderr } = shell('$CRAMFS ls sample.img > /dev/full');
    expect([status, stderr]).toEqual([8, 'cramfs: standard output: no space left on device\n']);
  });

  test('a directory as standard input is one line', () => {
    const { status, stderr } = shell('$CRAMFS info - < .');
    expect([status, stderr]).toEqual([8, 'cramfs: -: is a directory\n']);
  });

  test('an image from a pipe', () => {
    const { stdout } = shell('cat sample.img | gzip | $CRAMFS ls -');
    expect(stdout).toBe('bin\ndev\netc\nhéllo\n');
  });

  test('no progress bar and no escape sequences in a pipe', () => {
    const { stdout, stderr } = shell('$CRAMFS check sample.img');
    expect(stdout + stderr).not.toContain('\x1b');
  });
});

describe('signals', () => {
  /** A build that takes seconds. */
  function bigSource(): string {
    const source = folder.path('source');
    mkdirSync(source);
    for (let index = 0; index < 4; index += 1) {
      writeFileSync(join(source, `f${index}`), noise(15_000_000, index));
    }
    return source;
  }

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s leaves no half image and exits with %d', async (signal, status) => {
    const output = folder.path('out.img');
    writeFileSync(output, 'old');
    const source = bigSource();
    const result = await interruptTool('cramfs', ['build', '--best', source, output], signal, () =>
      readdirSync(folder.path()).some((name) => name.endsWith('.tmp')),
    );
    expect(result).toEqual({
      status,
      signal: null,
      stderr: `cramfs: ${output}: interrupted\n`,
    });
    expect(readdirSync(folder.path()).sort()).toEqual(['out.img', 'sample.img', 'source']);
    expect(readFileSync(output, 'utf8')).toBe('old');
  });
});

test('what a killed build has left is removed by the next one', async () => {
  const source = folder.path('source');
  mkdirSync(source);
  for (let index = 0; index < 4; index += 1) {
    writeFileSync(join(source, `f${index}`), noise(15_000_000, index));
  }
  const output = folder.path('out.img');
  const temporary = (): string[] =>
    readdirSync(folder.path()).filter((name) => name.endsWith('.tmp'));
  const argv = ['build', '--best', source, output];
  await interruptTool('cramfs', argv, 'SIGKILL', () => temporary().length > 0);
  expect(temporary()).toHaveLength(1);
  expect((await cramfs(['build', source, output])).code).toBe(0);
  expect(temporary()).toEqual([]);
});

test('a signal ends a build that waits for its source', async () => {
  const child = spawn(process.execPath, [launcher('cramfs'), 'build', '-', folder.path('x.img')], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(child, 'exit');
  // Longer than a pipe: when the write is done, the command has read some of it.
  await new Promise((resolve) => child.stdin.write(new Uint8Array(1 << 20), resolve));
  child.kill('SIGTERM');
  expect(await ended).toEqual([null, 'SIGTERM']);
  expect(readdirSync(folder.path())).toEqual(['sample.img']);
});

describe('a machine that is too small is not an internal error', () => {
  test.each([
    [
      new RangeError('WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory'),
      'out of memory: WebAssembly takes 10 GiB of addresses.*ulimit -v',
    ],
    [new RangeError('Array buffer allocation failed'), 'out of memory.*--workers 1'],
    [
      Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' }),
      'out of memory.*--workers 1',
    ],
    [
      Object.assign(new Error('Worker terminated due to reaching memory limit: JS heap'), {
        code: 'ERR_WORKER_OUT_OF_MEMORY',
      }),
      'out of memory.*--workers 1',
    ],
    [new Error('worker exited with code: 1'), 'a thread has died.*--workers 1'],
  ])('%s', async (outputError, message) => {
    const { code, stderr } = await cramfs(['ls', image], { outputError });
    expect(code).toBe(8);
    expect(stderr).toMatch(new RegExp(`^cramfs: standard output: ${message}[^\\n]*\\n$`));
  });
});

describe('bugs of ours', () => {
  const outputError = Object.assign(new TypeError('this is\na bug'), { code: undefined });

  test('are one line without a stack', async () => {
    const { code, stderr } = await cramfs(['ls', image], { outputError });
    expect(code).toBe(8);
    expect(stderr).toBe(
      String.raw`cramfs: standard output: internal error: TypeError: this is\u{a}a bug` + '\n',
    );
  });

  test('with CRAMFS_DEBUG=1 the stack follows', async () => {
    const env = { CRAMFS_DEBUG: '1' };
    const { stderr } = await cramfs(['ls', image], { outputError, env });
    expect(stderr).toMatch(/\nTypeError: this is\na bug\n +at /);
  });
});

test('heavy modules are loaded by the commands that use them only', () => {
  // Node.js does not report the loading of compiled modules.
  const { cli } = copyOfCli();
  rmSync(join(cli, 'bundle/compiled.bin'));
  const loaded = (argv: string): string =>
    shell(`NODE_DEBUG=esm,module node cli/bin/cramfs.js ${argv} > /dev/null`).stderr;
  for (const argv of ['--help', 'build --help', 'map --help', 'ls --help']) {
    expect(loaded(argv)).not.toMatch(/deflater|zstd-codec|pako/);
  }
  expect(loaded('--help')).not.toMatch(/yargs|cramfs-format/);
  mkdirSync(folder.path('tree'));
  expect(loaded('build tree out.img')).not.toMatch(/compress-worker/);
  writeFileSync(folder.path('tree/large'), new Uint8Array(5e6));
  expect(loaded('build tree out.img')).toMatch(/compress-worker/);
  expect(loaded('ls sample.img')).not.toMatch(/deflater|zstd-codec|tar-stream/);
  for (const argv of ['run --help', 'mmap --help', 'map --help']) {
    expect(loaded(argv)).not.toMatch(/bundle.xip-emu\./);
  }
  // The part with the loaders' rules is a small part of the emulator.
  expect(loaded('map sample.img')).not.toMatch(/xip-emu\.rom-machine/);
  expect(loaded('map --simulate sample.img')).toMatch(/xip-emu\.rom-machine/);
});
