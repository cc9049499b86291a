import { chmodSync, mkdtempSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCramfsError, nameToText, type CramfsErrorCode } from 'cramfs-format';
import { checkImage, openImage, type OpenOptions } from 'cramfs-reader';
import {
  checkImageFile,
  extractImage,
  nodeZlib,
  type ExtractOptions,
  type ExtractReport,
} from 'cramfs-reader/node';
import { expect } from 'vitest';
import { cramfs, fsck, runTool, type CliResult } from '../cli/run-cli.js';
import { Workspace, clearDirectory, openUp } from '../fuzz/workspace.js';

/** Calls `use` with a target to extract to; fails if anything outside the target has changed then. */
export async function onGround(use: (ground: Workspace) => void | Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'cramfs-hostile-'));
  const directory = process.cwd();
  try {
    chmodSync(parent, 0o755);
    const ground = new Workspace(parent);
    await use(ground);
    expect(ground.findDamage()).toBeUndefined();
  } finally {
    process.chdir(directory);
    clearDirectory(Buffer.from(parent));
    rmdirSync(parent);
  }
}

/** What became of a hostile image. */
export interface Outcome {
  /** How a walk that stops at errors ends. */
  readonly walk: CramfsErrorCode | 'ok';
  /** `code path` of all that the checker finds but CRC and counts. */
  readonly findings: readonly string[];
  /** `code path` of every problem of an extraction, or the code of the error it ended with. */
  readonly problems: readonly string[];
  /** Paths of what was extracted, sorted; names are printable. */
  readonly extracted: readonly string[];
  /** Exit codes of commands. */
  readonly exits: Readonly<Record<string, number | null>>;
  /** All that the commands printed. */
  readonly printed: string;
}

const COMMANDS = ['info', 'ls', 'tree', 'map', 'check', 'tar'] as const;
const COMMAND_OPTIONS: Record<string, string[]> = { ls: ['-lR'], check: ['-v'] };
/** Every exit code there is, but for a wrong command line and signals. */
const EXITS = [0, 1, 4, 8];
/** A test-only tree has no right counts; images with a wrong CRC are the fuzzer's. */
const UNINTERESTING = new Set(['file-count', 'block-count', 'crc-mismatch']);

/**
 * Does everything to an image that one can: with the library, with the commands in this process,
 * and extracts it with the command as a process of its own.
 */
export async function exercise(bytes: Uint8Array, options: OpenOptions = {}): Promise<Outcome> {
  let outcome: Outcome | undefined;
  await onGround(async (ground) => {
    const { problems, extracted } = await extractHere(ground, bytes, options);
    const file = join(ground.scratch, 'hostile.img');
    writeFileSync(file, bytes);
    const { exits, printed } = await runCommands(file, options);
    exits['extract'] = extractByProcess(ground, file, options);
    expect(listTarget(ground), 'as the library').toEqual(extracted);
    const findings = await findingsOf(bytes, options);
    outcome = { walk: walkResult(bytes, options), findings, problems, extracted, exits, printed };
  });
  return outcome!;
}

function walkResult(bytes: Uint8Array, options: OpenOptions): CramfsErrorCode | 'ok' {
  try {
    const image = openImage(bytes, options);
    for (const { path, inode } of image.walk()) {
      // The result may be anything but a bug.
      for (const use of [
        () => image.lookup(path),
        () => image.readFile(inode),
        () => image.readlink(inode),
      ]) {
        ignoreCramfsError(use);
      }
    }
    return 'ok';
  } catch (error) {
    if (isCramfsError(error)) return error.code;
    throw error;
  }
}

function ignoreCramfsError(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!isCramfsError(error)) throw error;
  }
}

async function findingsOf(bytes: Uint8Array, { blockSize }: OpenOptions): Promise<string[]> {
  const result = checkImage(bytes, { blockSize });
  expect(await checkImageFile(bytes, { blockSize, workers: 0 })).toEqual(result);
  return result.findings
    .filter(({ code }) => !UNINTERESTING.has(code))
    .map(({ code, path }) => (path === undefined ? code : `${code} ${nameToText(path)}`));
}

/** Extracts with the library into the target, lists the target and clears it. */
export async function extractHere(
  ground: Workspace,
  bytes: Uint8Array,
  openOptions: OpenOptions = {},
  options: ExtractOptions = {},
): Promise<{ problems: string[]; extracted: string[]; report: ExtractReport | undefined }> {
  const image = openImage(bytes, { zlib: nodeZlib, ...openOptions });
  try {
    const report = await extractImage(image, ground.target, {
      devices: 'skip',
      workers: 0,
      preserveOwner: false,
      ...options,
    });
    const problems = report.problems.map(
      ({ code, path }) => `${code} ${path === undefined ? '' : nameToText(path)}`,
    );
    return { problems, extracted: listTarget(ground), report };
  } catch (error) {
    if (!isCramfsError(error)) throw error;
    return { problems: [error.code], extracted: listTarget(ground), report: undefined };
  } finally {
    ground.clear();
  }
}

/** Printable paths of what is in the target, sorted. Modes are not what they were afterwards. */
function listTarget({ target }: Workspace): string[] {
  const paths: string[] = [];
  openUp(Buffer.from(target), (path) => {
    paths.push(nameToText(path.toString('latin1', Buffer.byteLength(target) + 1)));
  });
  return paths.sort();
}

async function runCommands(
  file: string,
  { blockSize }: OpenOptions,
): Promise<{ exits: Record<string, number | null>; printed: string }> {
  const exits: Record<string, number | null> = {};
  const blockOptions = blockSize === undefined ? [] : [`--block-size=${blockSize}`];
  let printed = '';
  const note = (command: string, { code, stdout, stderr }: CliResult): void => {
    exits[command] = code;
    expect(EXITS, `${command}: ${stderr}`).toContain(code);
    expect(stderr, command).not.toContain('internal error');
    printed += (command === 'tar' ? '' : stdout) + stderr;
  };
  for (const command of COMMANDS) {
    const words = [command, ...(COMMAND_OPTIONS[command] ?? []), ...blockOptions, file];
    note(command, await cramfs(words));
  }
  const fsckOptions = blockSize === undefined ? [] : ['-b', String(blockSize)];
  note('fsck', await fsck(['-v', ...fsckOptions, file]));
  return { exits, printed };
}

function extractByProcess(
  { target }: Workspace,
  file: string,
  { blockSize }: OpenOptions,
): number | null {
  const blockOptions = blockSize === undefined ? [] : [`--block-size=${blockSize}`];
  const options = ['--devices=skip', '--no-owner', '--no-setuid', ...blockOptions, '-C', target];
  const { status, stderr } = runTool('cramfs', ['extract', ...options, file]);
  expect(stderr).not.toContain('internal error');
  expect(EXITS, stderr).toContain(status);
  return status;
}
