import { lstatSync, readFileSync } from 'node:fs';
import { isCramfsError } from 'cramfs-format';
import { openImage, type CramfsImage } from 'cramfs-reader';
import { extractImage, nodeZlib, type ExtractReport } from 'cramfs-reader/node';
import type { Stage } from './stages.js';
import { ensure, isFileName, reachableEntries, type Subject } from './subject.js';
import { openUp, type Workspace } from './workspace.js';

/** Bytes of content that an extraction may write. */
const MAX_BYTES = 8 << 20;
const MAX_TRAPS = 3;

/**
 * Extracts mutants into the target of `workspace`, with other people's files around it and symlinks
 * that lead out of it, and looks at what has become of them.
 */
export function extractStage(workspace: Workspace): Stage {
  return {
    name: 'extract',
    async run(subject, image) {
      const { random } = subject.mutant;
      // The inflater of Node.js, which users extract with.
      const own = openImage(image.bytes, { blockSize: image.blockSize, zlib: nodeZlib });
      try {
        const trapped = random.oneIn(2) && setTraps(subject, workspace);
        const report = await extractImage(own, workspace.target, {
          devices: 'skip',
          workers: 0,
          maxBytes: MAX_BYTES,
          preserveOwner: process.geteuid?.() === 0 && random.oneIn(2),
          setuid: random.oneIn(2),
          force: random.oneIn(2),
          damage: random.pick(['remove', 'zeros']),
        });
        subject.tally.count('extracted files', report.files);
        subject.tally.count('extract problems', report.problems.length);
        checkReport(subject, own, report, trapped);
        openTarget(workspace);
        if (!trapped) checkFiles(subject, workspace, report);
      } catch (error) {
        if (!isCramfsError(error)) throw error;
        subject.tally.count(`extract ${error.code}`);
      } finally {
        const damage = workspace.findDamage();
        ensure(damage === undefined, () => `OUTSIDE THE TARGET: ${damage ?? ''}`);
        workspace.clear();
      }
    },
  };
}

/** Symlinks to files and directories outside, under names that the image will want to use. */
function setTraps({ entries, mutant, tally }: Subject, workspace: Workspace): boolean {
  const names = new Set(
    entries
      .filter(({ path, name }) => path === `/${name}` && isFileName(name))
      .map(({ name }) => name),
  );
  for (const name of [...names].slice(0, MAX_TRAPS)) {
    workspace.setTrap(Buffer.from(name, 'latin1'), mutant.random.pick(['outside', 'elsewhere']));
    tally.count('traps');
  }
  return names.size > 0;
}

function checkReport(
  { walksCleanly, readError, entries }: Subject,
  image: CramfsImage,
  { problems, files }: ExtractReport,
  trapped: boolean,
): void {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const total = entries.filter(({ inode }) => inode.type === 'file').length;
  // In a tangle, a walk may reach a directory by a name that no extraction uses.
  ensure(files <= total || !walksCleanly, () => `${files} files extracted of ${total}`);
  if (errors.length > 0 || trapped) return;
  ensure(walksCleanly, () => 'extracted without an error what cannot be walked');
  ensure(readError === undefined, () => `extracted without an error: ${String(readError)}`);
  ensure(files === total, () => `${files} of ${total} files extracted, and no error`);
  ensure(image.size > 0, () => 'an empty image');
}

/** Files that were extracted hold what the library reads. */
function checkFiles(
  { entries, contents, tally }: Subject,
  workspace: Workspace,
  { problems }: ExtractReport,
): void {
  const troubled = new Set(problems.map(({ path }) => path));
  for (const { path, inode } of reachableEntries(entries)) {
    const content = contents.get(inode);
    if (inode.type !== 'file' || content === undefined || troubled.has(path)) continue;
    const file = Buffer.concat([Buffer.from(workspace.target), Buffer.from(path, 'latin1')]);
    const stats = lstatSync(file, { throwIfNoEntry: false });
    // Missing below a directory that could not be made.
    if (stats?.isFile() !== true) continue;
    ensure(readFileSync(file).equals(content), () => `${path} was extracted with other content`);
    tally.count('compared files');
  }
}

/** Lets us read what was extracted; and there must not be a device among it. */
function openTarget({ target }: Workspace): void {
  openUp(Buffer.from(target), (path, entry) => {
    const device = entry.isCharacterDevice() || entry.isBlockDevice();
    ensure(!device, () => `a device node was made: ${path.toString('latin1')}`);
  });
}
