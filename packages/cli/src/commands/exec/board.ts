import { readFileSync } from 'node:fs';
import { nameToText } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import { UsageError } from '../../shell/errors.js';
import { EXIT, type ExitCode } from '../../shell/exit-codes.js';
import { print, type CliIo } from '../../shell/io.js';
import { about, printable } from '../../shell/report-error.js';
import { renderJson } from '../../render/json.js';
import type { Look } from '../../render/look.js';
import { hangingLine } from '../../render/text-width.js';
import { parseBoardMaps } from './board-maps.js';
import { atMountPoint, compareWithBoard, differenceText, type BoardDifference } from './compare.js';
import { explainExec, type ExecQuestion } from './explain.js';
import { execJson } from './json.js';
import { execText } from './text.js';

/** A program, and the file with what a board shows of it. */
export interface BoardProgram {
  readonly question: ExecQuestion;
  /** The name given on the command line. */
  readonly file: string;
}

interface FoundDifference extends BoardDifference {
  readonly file: string;
}

/**
 * What `--compare` means: files for the one program, or `PID=FILE` for those of several that are numbered
 * so in the table.
 *
 * @throws UsageError
 */
export function boardPrograms(
  given: readonly string[],
  questions: readonly ExecQuestion[],
  several: boolean,
): BoardProgram[] {
  if (!several) {
    if (given.length > 1) throw new UsageError('--compare can be given once for one program');
    return given.map((file) => ({ question: questions[0]!, file }));
  }
  return given.map((each) => {
    const [, pid, file] = /^(\d+)=(.+)$/s.exec(each) ?? [];
    const question = questions[Number(pid) - 1];
    if (question === undefined) {
      const last = questions.length;
      throw new UsageError(
        `--compare cannot be '${each}': with --run, use PID=FILE, PID from 1 to ${last}`,
      );
    }
    return { question, file: file! };
  });
}

/**
 * Prints a line for each difference between what exec says and what a board shows. Each program is started
 * alone, because others change neither what is mapped nor from where. A program that does not start is
 * explained.
 *
 * @param offset of the image in its file.
 */
export async function compareCommand(
  image: CramfsImage,
  programs: readonly BoardProgram[],
  { offset, json, look }: { readonly offset: number; readonly json: boolean; readonly look: Look },
  io: CliIo,
): Promise<ExitCode> {
  const differences: FoundDifference[] = [];
  for (const { question, file } of programs) {
    const explanation = explainExec(image, question);
    if (!explanation.starts) {
      await print(io, json ? execJson(explanation, offset) : execText(explanation, look));
      return EXIT.differs;
    }
    const saved = await about(file, () => parseBoardMaps(readFileSync(file, 'latin1')));
    const { mountPoint, areas } = atMountPoint(explanation, saved);
    if (mountPoint !== '') {
      const where = nameToText(mountPoint);
      io.stderr.write(`cramfs: ${printable(file)}: taken to be of an image mounted on ${where}\n`);
    }
    const found = compareWithBoard(explanation, areas);
    differences.push(...found.map((difference) => ({ ...difference, file })));
  }
  await print(
    io,
    json
      ? renderJson(differences.map((each) => ({ ...each, path: nameToText(each.path) })))
      : differences.map((each) => differenceLine(each, programs.length > 1, look)).join(''),
  );
  return differences.length > 0 ? EXIT.differs : EXIT.ok;
}

/** Names the file if there are several. */
function differenceLine(difference: FoundDifference, several: boolean, { width }: Look): string {
  const text = differenceText(difference);
  return hangingLine(several ? `${printable(difference.file)}: ${text}` : text, width);
}
