import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The built page: the same from src (in tests), from dist and from a bundle. */
export function viewerTemplate(): string {
  return readFileSync(createRequire(import.meta.url).resolve('cramfs-viewer/page'), 'utf8');
}
