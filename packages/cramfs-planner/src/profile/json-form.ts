import { CramfsError, nameToText, textToName } from 'cramfs-format';
import { JsonError, jsonObject, jsonLocation } from './json-position.js';
import { isPageSize, MAX_PAGES, ProfileBuilder } from './profile-builder.js';
import type { Profile, TouchKind } from './profile.js';

const FORMAT = 'cramfs-profile';
const VERSION = 1;
const KINDS: readonly TouchKind[] = ['mapped', 'cached'];

/** A profile in the form that other tools may read and write; docs/plan.md describes it. */
export function formatProfile({ kind, pageSize, faultAround, files, atLeast }: Profile): string {
  const head = { format: FORMAT, version: VERSION, kind, pageSize, faultAround };
  const paths = [...new Set([...files.keys(), ...atLeast.keys()])].sort();
  // One line per file, so that git shows what has changed in a profile.
  const lines = paths.map((path) =>
    JSON.stringify({
      path: nameToText(path),
      touched: files.get(path),
      atLeast: atLeast.get(path),
    }),
  );
  const list = lines.length === 0 ? '[]' : `[\n    ${lines.join(',\n    ')}\n  ]`;
  return `${JSON.stringify(head, undefined, 2).slice(0, -2)},\n  "files": ${list}\n}\n`;
}

/**
 * Reads what {@link formatProfile} writes, or another tool. A path may appear several times: counts add up.
 *
 * @throws CramfsError BAD_SOURCE naming the line, and what is wrong there.
 */
export function parseProfile(text: string, source: string): Profile {
  try {
    return profileOf(JSON.parse(text) as unknown, source);
  } catch (error) {
    if (!(error instanceof JsonError || error instanceof SyntaxError)) throw error;
    throw new CramfsError('BAD_SOURCE', jsonLocation(text, error));
  }
}

function profileOf(value: unknown, source: string): Profile {
  const { format, version, kind, pageSize, faultAround, files } = jsonObject(value, [], {
    required: ['format', 'version', 'kind', 'pageSize', 'files'],
    optional: ['faultAround'],
  });
  if (format !== FORMAT) throw new JsonError(['format'], `should be "${FORMAT}"`);
  if (version !== VERSION) throw new JsonError(['version'], `is not known: this is ${VERSION}`);
  const known = KINDS.find((each) => each === kind);
  if (known === undefined) throw new JsonError(['kind'], 'should be "mapped" or "cached"');
  if (typeof pageSize !== 'number' || !isPageSize(pageSize)) {
    throw new JsonError(['pageSize'], 'should be a power of two, 4096 or more');
  }
  const builder = new ProfileBuilder(source, 'json', known);
  builder.pageSize = pageSize;
  if (faultAround !== undefined) {
    builder.faultAround = integer(faultAround, ['faultAround'], { least: 0 });
  }
  for (const [index, file] of list(files, ['files']).entries()) {
    addFile(builder, file, ['files', index]);
  }
  return builder.build();
}

function addFile(builder: ProfileBuilder, value: unknown, at: JsonPath): void {
  const fields = { required: ['path'], optional: ['touched', 'atLeast'] } as const;
  const { path: name, touched = [], atLeast } = jsonObject(value, at, fields);
  if (typeof name !== 'string' || !name.startsWith('/')) {
    throw new JsonError([...at, 'path'], 'should be a path with a slash first');
  }
  const path = textToName(name);
  if (atLeast !== undefined) {
    builder.atLeast(path, integer(atLeast, [...at, 'atLeast'], { least: 1 }));
  }
  for (const [index, range] of list(touched, [...at, 'touched']).entries()) {
    const here = [...at, 'touched', index];
    const names = { required: ['first', 'pages'], optional: ['count'] } as const;
    const { first, pages, count = 1 } = jsonObject(range, here, names);
    builder.touch(path, {
      first: integer(first, [...here, 'first'], { least: 0 }),
      pages: integer(pages, [...here, 'pages'], { least: 1 }),
      count: integer(count, [...here, 'count'], { least: 1 }),
    });
  }
}

type JsonPath = readonly (string | number)[];

function list(value: unknown, at: JsonPath): readonly unknown[] {
  if (!Array.isArray(value)) throw new JsonError(at, 'should be a list');
  return value;
}

function integer(value: unknown, at: JsonPath, { least }: { readonly least: number }): number {
  if (
    typeof value !== 'number' ||
    !Number.isInteger(value) ||
    value < least ||
    value >= MAX_PAGES
  ) {
    throw new JsonError(at, `should be a whole number, ${least} or more`);
  }
  return value;
}
