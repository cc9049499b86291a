import { nameToText } from 'cramfs-format';
import { compileGlobs } from 'cramfs-reader';
import { pathOf, type Entries } from './entries.js';

/** All paths of an image: byte strings, and as they are shown. */
export interface Paths {
  readonly bytes: readonly string[];
  readonly texts: readonly string[];
  /** In lower case. */
  readonly folded: readonly string[];
}

export function allPaths(entries: Entries): Paths {
  const bytes: string[] = [];
  entries.list.forEach(({ parent, name }, number) => {
    const above = bytes[parent];
    bytes.push(
      above === undefined ? pathOf(entries, number) : `${above === '/' ? '' : above}/${name}`,
    );
  });
  const texts = bytes.map(nameToText);
  return { bytes, texts, folded: texts.map((text) => text.toLowerCase()) };
}

/**
 * The numbers of the entries that match a search: a glob as on the command line, or a part of a path,
 * ignoring case.
 *
 * @throws CramfsError BAD_REQUEST for a malformed glob.
 */
export function searchPaths({ bytes, folded }: Paths, wanted: string): number[] {
  const text = wanted.trim().toLowerCase();
  const found: number[] = [];
  if (/[*?[{]/.test(text)) {
    const matches = compileGlobs([wanted.trim()]);
    bytes.forEach((path, number) => {
      if (matches(path)) found.push(number);
    });
    if (found.length > 0) return found;
  }
  folded.forEach((path, number) => {
    if (path.includes(text)) found.push(number);
  });
  return found;
}
