import { fileURLToPath } from 'node:url';

/** The root of the repository. */
const ROOT = new URL('../../', import.meta.url);

/** @param path in the repository, with slashes. */
export function inRepository(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}
