import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/*
 * What `npm publish` would put into the registry, installed from its tarballs as a stranger does.
 */

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly license: string;
  readonly engines: { readonly node: string };
  readonly keywords: readonly string[];
  readonly sideEffects: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Commands of npm packages. */
const BIN = join(ROOT, 'node_modules/.bin');

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

const root = readJson(join(ROOT, 'package.json')) as Manifest & { workspaces: string[] };
const packages = root.workspaces.map((path) => {
  const folder = join(ROOT, path);
  return { folder, manifest: readJson(join(folder, 'package.json')) as Manifest };
});

/** Runs a program and gives all that it says; fails if it fails. */
function run(cwd: string, file: string, ...argv: string[]): string {
  const { status, stdout, stderr } = spawnSync(file, argv, { cwd, encoding: 'utf8' });
  expect(status, `${file} ${argv.join(' ')}\n${stdout}${stderr}`).toBe(0);
  return stdout + stderr;
}

/** Modules that run when they are loaded: those that threads start with. */
const RUN_WHEN_LOADED: Readonly<Record<string, readonly string[]>> = {
  'cramfs-reader': ['./dist/node/threads/image-worker.js'],
  mkcramfs: ['./dist/node/block-cache/look-up-worker.js', './dist/node/compress-worker.js'],
};

describe('manifests', () => {
  test('the root is for nobody to publish', () => {
    expect(root.private).toBe(true);
  });

  test.each(packages)('$manifest.name', ({ folder, manifest }) => {
    const { license, engines, sideEffects, version, keywords, dependencies = {} } = manifest;
    expect(manifest.private).toBeUndefined();
    expect({ license, engines, sideEffects, version }).toEqual({
      license: 'MIT',
      engines: root.engines,
      sideEffects: RUN_WHEN_LOADED[manifest.name] ?? false,
      version: root.version,
    });
    expect(keywords).toContain(manifest.name === 'cramfs-elf' ? 'elf' : 'cramfs');
    expect(readFileSync(join(folder, 'LICENSE'))).toEqual(readFileSync(join(ROOT, 'LICENSE')));
    const own = new Set(packages.map((each) => each.manifest.name));
    for (const [name, range] of Object.entries(dependencies)) {
      if (own.has(name)) expect(range).toBe(root.version);
    }
  });

  test('no dependency refuses Node.js 20', () => {
    const { packages: locked } = readJson(join(ROOT, 'package-lock.json')) as {
      packages: Record<string, { dev?: boolean; engines?: { node?: string } }>;
    };
    const refusing = Object.entries(locked).filter(([, { dev, engines }]) => {
      const [, major] = /^>=? ?(\d+)/.exec(engines?.node ?? '') ?? [];
      return dev !== true && Number(major) > 20;
    });
    expect(refusing).toEqual([]);
  });
});

describe('in an empty project', () => {
  const folder = mkdtempSync(join(tmpdir(), 'packages-'));
  const tarballs: string[] = [];
  let said: string;
  beforeAll(() => {
    for (const each of packages) {
      const [{ filename }] = JSON.parse(
        run(each.folder, 'npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder),
      ) as [{ filename: string }];
      tarballs.push(join(folder, filename));
    }
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    said = run(
      folder,
      'npm',
      'install',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      ...tarballs,
    );
  }, 300_000);
  afterAll(() => {
    rmSync(folder, { recursive: true });
  }, 60_000);

  test('npm installs without a warning', () => {
    expect(said).not.toMatch(/warn|deprecated|EBADENGINE/i);
  });

  test('publint and attw find nothing wrong', () => {
    for (const tarball of tarballs) {
      run(folder, join(BIN, 'publint'), 'run', tarball, '--strict');
      // Threads start at two of these, and ./page is a document: nobody imports them.
      const others = ['./worker', './look-up-worker', './page'];
      const options = ['--profile', 'esm-only', '--exclude-entrypoints', ...others];
      run(folder, join(BIN, 'attw'), tarball, ...options, '--no-definitely-typed');
    }
  }, 120_000);

  test.each(packages)(
    '$manifest.name has its licences, and sources for its source maps',
    ({ manifest }) => {
      const installed = join(folder, 'node_modules', manifest.name);
      const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
      expect(files).toContain('LICENSE');
      expect(files).toContain('README.md');
      const hasLibraries = files.some((file) => /^bundle\/.*\.(?:cjs|html)$/.test(file));
      expect(files.includes('bundle/THIRD-PARTY-LICENSES.txt')).toBe(hasLibraries);
      expect(files.filter((file) => file.endsWith('.test.ts'))).toEqual([]);
      for (const file of files.filter((name) => /\.(?:js|cjs|d\.ts)$/.test(name))) {
        const path = join(installed, file);
        const [, map] = /^\/\/# sourceMappingURL=(.*)$/m.exec(readFileSync(path, 'utf8')) ?? [];
        if (map === undefined) continue;
        const mapFile = join(dirname(path), map);
        const { sources } = readJson(mapFile) as { sources: string[] };
        for (const source of sources)
          expect(existsSync(resolve(dirname(mapFile), source)), file).toBe(true);
      }
    },
  );

  test('every command runs, threads too', () => {
    const bin = (name: string): string => join(folder, 'node_modules', '.bin', name);
    for (const name of Object.keys(packages.at(-1)!.manifest.bin!)) {
      expect(run(folder, bin(name), '--version')).toContain(root.version);
    }
    const source = join(folder, 'node_modules', 'mkcramfs');
    run(folder, bin('cramfs'), 'build', source, 'out.img', '--workers', '2', '--xip');
    expect(run(folder, bin('cramfsck'), '-v', 'out.img')).toMatch(/: OK\n$/);
    run(folder, bin('cramfs'), 'extract', 'out.img', '-C', 'out', '--workers', '2');
    expect(run(folder, 'diff', '-r', source, 'out')).toBe('');
  });

  test('types are found by every way of resolving modules', () => {
    writeFileSync(join(folder, 'use.ts'), USE);
    for (const [module, moduleResolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ]) {
      const compilerOptions = {
        module,
        moduleResolution,
        strict: true,
        noEmit: true,
        typeRoots: [join(ROOT, 'node_modules/@types')],
        types: ['node'],
        target: 'es2023',
      };
      writeFileSync(
        join(folder, 'tsconfig.json'),
        JSON.stringify({ compilerOptions, files: ['use.ts'] }),
      );
      run(folder, join(BIN, 'tsc'));
    }
  }, 120_000);
});

/** Uses what each entry point gives, with its types. */
const USE = `
import { CRAMFS_MAGIC } from 'cramfs-format';
import { BlockInflater } from 'cramfs-deflate';
import { isElf } from 'cramfs-elf';
import { openImage, type CramfsImage } from 'cramfs-reader';
import { compileGlobs } from 'cramfs-reader/glob';
import { EXIT } from 'cramfs-cli';
import { buildImage } from 'mkcramfs';
import { Machine } from 'xip-emu';
const magic: number = CRAMFS_MAGIC;
const open: (bytes: Uint8Array) => CramfsImage = openImage;
const elf: boolean = isElf(new Uint8Array(4));
const ok: 0 = EXIT.ok;
export { magic, open, elf, ok, compileGlobs, buildImage, BlockInflater, Machine };
`;
