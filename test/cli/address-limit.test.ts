import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { noise, text } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { launcher } from './run-cli.js';

const GIB = 2 ** 20;

/** A module with a page of memory. Node.js before 24 has no addresses for it under a limit. */
const MODULE = '0,97,115,109,1,0,0,0,5,3,1,0,1';
const INSTANCE = `new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.of(${MODULE})))`;

/** Runs cramfs under `ulimit -v`, in KiB. */
function limited(limit: number | undefined, args: readonly string[]) {
  return limitedNode(limit, [launcher('cramfs'), ...args]);
}

function limitedNode(limit: number | undefined, args: readonly string[]) {
  const ulimit = limit === undefined ? '' : `ulimit -v ${limit} && `;
  const words = [process.execPath, ...args];
  const { status, stdout, stderr } = spawnSync('sh', ['-c', `${ulimit}exec "$@"`, 'sh', ...words], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe.skipIf(process.platform !== 'linux')('with few addresses (ulimit -v)', () => {
  const folder = new Folder();
  let source: string;
  let image: string;
  beforeEach(() => {
    source = folder.path('source');
    mkdirSync(source);
    for (let index = 0; index < 6; index += 1) {
      writeFileSync(join(source, `noise${index}`), noise(1_000_000));
      writeFileSync(join(source, `text${index}`), text(200_000));
    }
    image = folder.path('image');
    expect(limited(undefined, ['build', source, image]).status).toBe(0);
    writeFileSync(`${image}.gz`, gzipSync(readFileSync(image), { level: 1 }));
  });

  // Enough memory for threads; 2 GiB is too little for one.
  test.each([2 * GIB, 4 * GIB])('%i KiB: images are read as ever', (limit) => {
    for (const words of [
      ['check', image],
      ['check', '--workers', '8', image],
      ['info', `${image}.gz`],
      ['map', image],
      ['map', '--simulate', image],
      ['cat', image, '/text5'],
    ]) {
      const expected = limited(undefined, words);
      expect(expected).toMatchObject({ status: 0, stderr: '' });
      expect(limited(limit, words), words.join(' ')).toEqual(expected);
    }
    const target = folder.path(`target${limit}`);
    const extracted = limited(limit, ['extract', image, '-C', target, '--workers', '8']);
    expect(extracted).toMatchObject({ status: 0, stderr: '' });
    for (const name of readdirSync(source)) {
      expect(readFileSync(join(target, name)).equals(readFileSync(join(source, name)))).toBe(true);
    }
  });

  test('what needs WebAssembly says what it needs, and leaves nothing, where there is none', () => {
    const output = folder.path('new.img');
    const built = limited(2 * GIB, ['build', source, output]);
    if (limitedNode(2 * GIB, ['-e', INSTANCE]).status === 0) {
      expect(built).toMatchObject({ status: 0, stderr: '' });
      expect(readFileSync(output).equals(readFileSync(image))).toBe(true);
      return;
    }
    expect(built).toEqual({
      status: 8,
      stdout: '',
      stderr:
        `cramfs: ${output}: out of memory: WebAssembly takes 10 GiB of addresses, if not of ` +
        'memory: raise their limit (ulimit -v); or use fewer threads (--workers 1)\n',
    });
    expect(readdirSync(folder.path()).filter((name) => name.startsWith('new'))).toEqual([]);
    const compat = ['build', '--compat', 'mkcramfs', source, output];
    expect(limited(2 * GIB, compat)).toMatchObject({ status: 0, stderr: '' });
  });
});
