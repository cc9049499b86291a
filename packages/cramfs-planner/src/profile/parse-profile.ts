import { CramfsError } from 'cramfs-format';
import { parseJsonProfile } from './json-profile.js';
import type { Profile } from './profile.js';

/**
 * Reads a profile of any format that is known, by what is in it.
 *
 * @param source the name of the file.
 * @param pageSize of the machine that it is from, where the format does not say.
 * @throws CramfsError BAD_SOURCE.
 */
export function parseProfile(source: string, bytes: Uint8Array, pageSize: number): Profile {
  const text = new TextDecoder('latin1').decode(bytes);
  if (/^\s*\{/.test(text)) return parseJsonProfile(source, new TextDecoder().decode(bytes));
  throw new CramfsError('BAD_SOURCE', `not a profile with pages of ${pageSize} bytes`);
}
