import { readFileSync } from 'node:fs';
import { isCramfsError, nameToText, plural, textToName } from 'cramfs-format';
import { ProfileTree, readProfiles, type PlacedProfile, type Profile } from 'cramfs-planner';
import type { DirectoryEntry } from 'mkcramfs';
import { FileError, InputError } from '../shell/errors.js';
import { about } from '../shell/report-error.js';

/** How many files of a profile that do not fit are named. */
const NAMED = 3;

/** Reads the profiles of a command line. @throws FileError naming the file. */
export async function readProfileFiles(names: readonly string[]): Promise<Profile[]> {
  const files: { name: string; bytes: Uint8Array }[] = [];
  for (const name of names) {
    files.push({ name: textToName(name), bytes: await about(name, () => readFileSync(name)) });
  }
  try {
    return readProfiles(files);
  } catch (error) {
    if (!isCramfsError(error)) throw error;
    const at = files.findIndex(({ name }) => name === error.path);
    throw new FileError(names[at]!, new InputError(error.message));
  }
}

/**
 * Gives profiles the paths of the tree.
 *
 * @param roots where the image is on the target.
 * @param note is called with a line for each profile that does not fit entirely.
 * @throws FileError for a profile without anything that fits.
 */
export function placeProfiles(
  profiles: readonly Profile[],
  { root, roots }: { readonly root: DirectoryEntry; readonly roots: readonly string[] },
  note: (line: string) => void,
): Profile[] {
  const tree = new ProfileTree(root, roots.map(textToName));
  return profiles.map((given) => {
    const placed = tree.place(given);
    const { profile, problems } = placed;
    const files = given.files.size + given.atLeast.size;
    if (files > 0 && profile.files.size + profile.atLeast.size === 0) {
      throw new FileError(
        nameToText(given.source),
        new InputError(
          `names ${plural(files, 'file')}, none of them in the tree: --profile-root says where the image is`,
        ),
      );
    }
    if (problems.length > 0) note(problemText(given, placed));
    return profile;
  });
}

function problemText({ source }: Profile, { problems }: PlacedProfile): string {
  const named = problems
    .slice(0, NAMED)
    .map(({ path, reason }) => `${nameToText(path)} (${reason})`)
    .join(', ');
  const more = problems.length > NAMED ? `, and ${problems.length - NAMED} more` : '';
  return `warning: profile ${nameToText(source)}: left out: ${named}${more}`;
}
