import { plural } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';

type Guess = Pick<CramfsImage, 'blockSize' | 'blockSizeVotes'>;

/** The block size, and how it is known: only the files' first blocks tell it. */
export function blockSizeText({ blockSize, blockSizeVotes }: Guess): string {
  if (blockSizeVotes === undefined) return String(blockSize);
  const { candidates, files, votes } = blockSizeVotes;
  const agree = `${votes} of ${plural(files, 'file')} with more than one block`;
  if (candidates.length === 1) return `${blockSize} (confirmed by ${agree})`;
  const which =
    votes === 0
      ? 'no file with more than one block shows it'
      : `${candidates.join(' or ')} (confirmed by ${agree})`;
  return `not known: ${which}; assumed: ${blockSize}`;
}

/** `blockSizeVotes` of `--json`: null if `--block-size` was given. */
export function blockSizeVotesJson({ blockSizeVotes }: Guess): unknown {
  if (blockSizeVotes === undefined) return null;
  const { files, votes, candidates } = blockSizeVotes;
  return { files, votes, candidates };
}
