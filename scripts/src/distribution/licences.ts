import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'rolldown';

/** What a package says about itself. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly author?: string | { readonly name: string };
}

/**
 * Collects the licences of the npm packages that are in a bundle.
 *
 * @param file where they are written.
 */
export function licences(file: string): Plugin {
  const folders = new Set<string>();
  return {
    name: 'licences',
    generateBundle(_options, bundle) {
      for (const output of Object.values(bundle)) {
        if (output.type !== 'chunk') continue;
        for (const id of output.moduleIds) {
          const folder = packageFolder(id);
          if (folder !== undefined) folders.add(folder);
        }
      }
    },
    writeBundle() {
      const texts = [...folders].sort().map(licenceOf);
      writeFileSync(file, `${INTRODUCTION}\n${texts.join('\n')}`);
    },
  };
}

const INTRODUCTION = 'Parts of these files come from the packages below.\n';
const RULE = '-'.repeat(80);

/** The npm package that a module is of; undefined for our own. */
function packageFolder(id: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id)?.[0];
}

function licenceOf(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const { name, version, license, author } = manifest;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.\w+)?$/i.test(entry));
  const holder = typeof author === 'string' ? author : author?.name;
  if (file === undefined && (license === undefined || holder === undefined)) {
    throw new Error(`${folder}: no licence`);
  }
  const text =
    file === undefined
      ? `Licence: ${license!}. By ${holder!}. The package has no file with its text.\n`
      : readFileSync(join(folder, file), 'utf8').trim() + '\n';
  return `${RULE}\n${name} ${version}\n\n${text}`;
}
