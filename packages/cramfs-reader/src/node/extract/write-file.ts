import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import type { CramfsError } from 'cramfs-format';
import type { CramfsImage } from '../../image.js';
import type { Inode } from '../../types.js';
import { createNew } from './create-new.js';
import type { DirectoryCursor } from './directory-cursor.js';
import { writeContent, type DamagePolicy } from './write-content.js';
import { attributesOf, setAttributes, type AttributeRules } from './attributes.js';

/** The settings for all files of an extraction. */
export interface FileRules extends AttributeRules {
  /** Replace files that are in the way. */
  readonly force: boolean;
  readonly damage: DamagePolicy;
}

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
const OWNER_ONLY = 0o600;

/**
 * Makes the file: always a new one, never through a symlink (O_EXCL). Holes of the image become
 * holes of the file.
 *
 * @param name path in the image, a byte string; its directories have been made.
 * @returns what is damaged, if the policy is `zeros`: the first error of the file.
 * @throws CramfsError if the image is damaged, or the system's error; then there is no new file.
 */
export function writeFile(
  image: CramfsImage,
  name: string,
  inode: Inode,
  rules: FileRules,
  cursor: DirectoryCursor,
): CramfsError | undefined {
  const path = cursor.pathTo(name);
  const fd = createNew(path, rules.force, () =>
    openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, OWNER_ONLY),
  );
  let complete = false;
  try {
    const error = writeContent(image, inode, fd, rules.damage);
    setAttributes(fd, attributesOf(inode, rules));
    complete = true;
    return error;
  } finally {
    closeSync(fd);
    if (!complete) unlinkSync(path);
  }
}
