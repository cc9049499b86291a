import { readFileSync, readdirSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { dissect, type Anatomy } from './anatomy.js';

/** An image that mutants are made of. */
export interface Seed {
  /** File name without `.img.gz`. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly anatomy: Anatomy;
}

const SUFFIX = '.img.gz';

/** From test/fuzz/dist/test/fuzz, where this runs, as from test/fuzz. */
export const CORPUS_DIRECTORY = new URL(
  import.meta.url.includes('/dist/') ? '../../../corpus/' : 'corpus/',
  import.meta.url,
);

/** The seed corpus, by name: the order must not depend on the file system. */
export function loadCorpus(): Seed[] {
  const names = readdirSync(CORPUS_DIRECTORY).filter((name) => name.endsWith(SUFFIX));
  return names.sort().map((name) => {
    const bytes = new Uint8Array(gunzipSync(readFileSync(new URL(name, CORPUS_DIRECTORY))));
    return { name: name.slice(0, -SUFFIX.length), bytes, anatomy: dissect(bytes) };
  });
}
