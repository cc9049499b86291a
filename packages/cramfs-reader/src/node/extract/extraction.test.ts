import { expect, test } from 'vitest';
import { withTemporaryDirectory } from '../../../../../test/helpers/peers.js';
import { buildRawImage } from '../../../../../test/helpers/raw-image.js';
import { openImage } from '../../image.js';
import { Extraction } from './extraction.js';
import type { ExtractProblem } from './problems.js';
import { TargetDirectory } from './target-directory.js';

test('takes any number of problems at once: a file of a hostile image costs 16 bytes', async () => {
  await withTemporaryDirectory((path) => {
    const image = openImage(buildRawImage({}).bytes);
    const extraction = new Extraction(image, new TargetDirectory(path), {
      owner: false,
      setuid: false,
      devices: 'skip',
      force: false,
      damage: 'remove',
    });
    const problem: ExtractProblem = {
      severity: 'error',
      path: '/f',
      code: 'BAD_BLOCK',
      message: 'bad',
    };
    const problems = new Array<ExtractProblem>(1_000_000).fill(problem);
    extraction.report(problems);
    expect(extraction.problems).toHaveLength(problems.length);
  });
});
