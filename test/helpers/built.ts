import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);

/**
 * A file that `npm run build` makes. Tests run from source; those that start programs need such files.
 *
 * @param path in the repository, with slashes.
 * @returns its path.
 * @throws Error if it is missing.
 */
export function builtFile(path: string): string {
  return fileURLToPath(builtModule(path));
}

/** As builtFile(), for an import. */
export function builtModule(path: string): string {
  const url = new URL(path, ROOT);
  if (!existsSync(url)) throw new Error(`${path} is missing: npm run build makes it`);
  return url.href;
}

/** Which of these files are missing. */
export function notBuilt(paths: readonly string[]): string[] {
  return paths.filter((path) => !existsSync(new URL(path, ROOT)));
}
