import { expect, test } from 'vitest';
import { bytesToName } from 'cramfs-format';
import { openImage } from 'cramfs-reader';
import {
  buildRawImage,
  directory,
  file,
  noise,
  symlink,
} from '../../../../test/helpers/raw-image.js';
import { sampleImage } from '../../../../test/cli/sample-image.js';
import { listEntries } from './entries.js';
import { flashMap } from './flash-map.js';
import { treeTable } from './tree-table.js';
import { withoutFileData } from './without-data.js';

const SECRET = 'a secret that nobody is to read';

const IMAGES = {
  'the sample': sampleImage().bytes,
  'files that share pages': buildRawImage(
    {
      etc: directory({
        direct: file(new TextEncoder().encode(SECRET.repeat(300)), { blocks: 'DDD' }),
        noise: file(noise(9000, 5), { blocks: 'DUC' }),
        plain: file(SECRET, { blocks: 'U' }),
        link: symlink('direct'),
      }),
    },
    { flags: 0x903 },
  ).bytes,
};

test.each(Object.entries(IMAGES))('what Linux does with %s stays the same', (_, bytes) => {
  const whole = openImage(bytes);
  const bare = openImage(withoutFileData(whole));
  for (const mmu of [true, false]) {
    const kernel = { mmu, physAddr: 0x22000000 };
    expect(treeTable(bare, listEntries(bare), kernel)).toEqual(
      treeTable(whole, listEntries(whole), kernel),
    );
    expect(flashMap(bare, listEntries(bare), kernel).kinds).toEqual(
      flashMap(whole, listEntries(whole), kernel).kinds,
    );
  }
});

test('the contents of files are gone', () => {
  const whole = openImage(IMAGES['files that share pages']);
  expect(bytesToName(whole.bytes)).toContain(SECRET);
  const bare = openImage(withoutFileData(whole));
  expect(bytesToName(bare.bytes)).not.toContain('secret');
  expect(bare.readlink(bare.lookup('/etc/link', { followSymlinks: false }))).toBe('direct');
});
