import type { CramfsError } from 'cramfs-format';
import { describe, expect, test, vi } from 'vitest';
import {
  buildRawImage,
  directory,
  file,
  symlink,
  type RawTree,
} from '../../../test/helpers/raw-image.js';
import { openImage } from './image.js';
import { Selection, selectEntries } from './select.js';

const tree: RawTree = {
  bin: directory({ sh: symlink('busybox'), busybox: file('x') }),
  etc: directory({ '.hidden': file(''), init: directory({ 'a.conf': file('a'), b: file('b') }) }),
  'b[1]': file('bracket'),
  b1: file('one'),
  'caf\xc3\xa9': file('utf-8'),
  'raw\xff': file('no utf-8'),
};

function select(
  paths?: readonly string[],
  from = tree,
): { paths: string[]; wanted: string[]; errors: CramfsError[] } {
  const errors: CramfsError[] = [];
  const onError = (error: CramfsError): void => {
    errors.push(error);
  };
  const entries = selectEntries(openImage(buildRawImage(from).bytes), { paths, onError });
  return {
    paths: entries.map(({ path }) => path),
    wanted: entries.filter(({ wanted }) => wanted).map(({ path }) => path),
    errors,
  };
}

describe('selectEntries', () => {
  test('everything, directories before their contents', () => {
    const { paths, wanted, errors } = select();
    expect(paths).toEqual([
      '/',
      '/b1',
      '/b[1]',
      '/bin',
      '/bin/busybox',
      '/bin/sh',
      '/caf\xc3\xa9',
      '/etc',
      '/etc/.hidden',
      '/etc/init',
      '/etc/init/a.conf',
      '/etc/init/b',
      '/raw\xff',
    ]);
    expect(wanted).toEqual(paths);
    expect(errors).toEqual([]);
  });

  test.each(['etc/init', '/etc/init', './etc/init/', '//etc/./init', '/etc/in*', 'in?t'])(
    'a directory with its parents: %s',
    (path) => {
      const { paths, wanted } = select([path]);
      expect(paths).toEqual(['/', '/etc', '/etc/init', '/etc/init/a.conf', '/etc/init/b']);
      expect(wanted).toEqual(paths.slice(2));
    },
  );

  test('the root stands for everything', () => {
    expect(select(['/']).wanted).toEqual(select().paths);
    expect(select(['.']).wanted).toEqual(select().paths);
  });

  test('a path that exists is not a glob', () => {
    expect(select(['/b[1]']).wanted).toEqual(['/b[1]']);
    expect(select(['/b[12]']).wanted).toEqual(['/b1']);
    expect(select(['/b\\[1\\]']).wanted).toEqual(['/b[1]']);
  });

  test('globs without a slash match names anywhere, dots included', () => {
    expect(select(['*b*']).wanted).toEqual([
      '/b1',
      '/b[1]',
      '/bin',
      '/bin/busybox',
      '/bin/sh',
      '/etc/init/b',
    ]);
    expect(select(['*.conf', '.h*']).wanted).toEqual(['/etc/.hidden', '/etc/init/a.conf']);
  });

  test('names that are not text', () => {
    expect(select(['café']).wanted).toEqual(['/caf\xc3\xa9']);
    expect(select(['raw\\xff']).wanted).toEqual(['/raw\xff']);
  });

  test('a pattern that matches nothing is an error, the rest is selected', () => {
    const { wanted, errors } = select(['nothing', 'b1', '*.nope']);
    expect(wanted).toEqual(['/b1']);
    expect(errors.map(({ code, message }) => `${code} ${message}`)).toEqual([
      "NOT_FOUND nothing in the image matches 'nothing'",
      "NOT_FOUND nothing in the image matches '*.nope'",
    ]);
  });

  test('a malformed glob is a bad request', () => {
    expect(() => select(['a[b'])).toThrow(/bad glob/);
  });

  test('names that are not valid are left out, with all below them', () => {
    const evil = directory({ victim: file('evil') });
    const names = ['.', '..', 'a/b', '/', 'nul\0nul', '../../etc'];
    const { paths, errors } = select(undefined, [
      ...names.map((name) => [name, evil] as const),
      ['good', file('good')],
    ]);
    expect(paths).toEqual(['/', '/good']);
    expect(errors.map(({ code, path }) => [code, path])).toEqual(
      names.map((name) => ['BAD_ENTRY', `/${name}`]),
    );
  });

  test('of two entries with one name the first counts', () => {
    const { paths, errors } = select(undefined, [
      ['x', symlink('/etc')],
      ['x', directory({ passwd: file('evil') })],
      ['y', file('')],
    ]);
    expect(paths).toEqual(['/', '/x', '/y']);
    expect(errors.map(({ path, message }) => [path, message])).toEqual([
      ['/x', 'left out: the directory has this name twice'],
    ]);
  });

  test('loops end', () => {
    const { paths, errors } = select(undefined, {
      d: directory({ e: file('e'), up: directory({}, { sameAs: '/' }) }),
    });
    expect(paths).toEqual(['/', '/d', '/d/e', '/d/up']);
    expect(errors.map(({ code, path }) => [code, path])).toEqual([['LOOP', '/d/up']]);
  });

  test('damage elsewhere does not matter for a part', () => {
    const damaged: RawTree = {
      bad: directory({ '..': file('') }),
      good: directory({ a: file('a') }),
    };
    expect(select(['good'], damaged).errors).toEqual([]);
    expect(select(['bad'], damaged).errors).toHaveLength(1);
    expect(select(undefined, damaged).errors).toHaveLength(1);
  });
});

describe('Selection', () => {
  /** Counts the entries that are read. */
  function counted(from: RawTree) {
    const image = openImage(buildRawImage(from).bytes);
    const counts = { entries: 0 };
    const walk = image.walk.bind(image);
    vi.spyOn(image, 'walk').mockImplementation(function* (...args) {
      for (const entry of walk(...args)) {
        counts.entries += 1;
        yield entry;
      }
    });
    return { image, counts };
  }
  const onError = (): void => undefined;

  test('reads only the requested entries, not one ahead', () => {
    const { image, counts } = counted(tree);
    const entries = new Selection(image, {}).entries(onError);
    expect(counts.entries).toBe(0);
    for (let taken = 1; taken <= 6; taken += 1) {
      entries.next();
      expect(counts.entries).toBe(taken);
    }
  });

  test('resolves patterns before it gives the first entry, and can start again', () => {
    const { image, counts } = counted(tree);
    const selection = new Selection(image, { paths: ['/etc/init/b', 's*'] });
    expect(counts.entries).toBe(2 * 13);
    const paths = () => [...selection.entries(onError)].map(({ path }) => path);
    const expected = ['/', '/bin', '/bin/sh', '/etc', '/etc/init', '/etc/init/b'];
    expect([paths(), paths()]).toEqual([expected, expected]);
  });

  test('gives entries up to the limit', () => {
    const { image } = counted(tree);
    const entries = new Selection(image, { maxEntries: 2 }).entries(onError);
    expect([entries.next().done, entries.next().done]).toEqual([false, false]);
    expect(() => entries.next()).toThrow('more than 2 entries');
  });

  test('directories of all depths, entered and left', () => {
    const deep = (depth: number): RawTree => ({
      a: directory(depth === 0 ? {} : deep(depth - 1)),
      b: directory({ a: file('') }),
      c: file(''),
    });
    const image = openImage(buildRawImage(deep(5)).bytes);
    const walked = [...image.walk()].map(({ path }) => path);
    const selected = [...new Selection(image, {}).entries(onError)];
    expect(selected.map(({ path }) => path)).toEqual(walked);
    for (const { path, parent } of selected.slice(1)) {
      expect(path.slice(0, path.lastIndexOf('/')) || '/').toBe(parent?.path);
    }
  });
});
