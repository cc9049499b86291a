import { readFileSync } from 'node:fs';
import { openImage } from 'cramfs-reader';
import { extractImage, nodeZlib } from 'cramfs-reader/node';
import { buildImageFile, readDirectorySource } from 'mkcramfs/node';
import { expect, test } from 'vitest';
import { compatTree } from '../helpers/compat-tree.js';
import { treeDifferences } from '../helpers/disk-trees.js';
import {
  describeWithPeers,
  extractWith7z,
  extractWithFsck,
  withTemporaryDirectory,
} from '../helpers/peers.js';
import { writeTree } from '../helpers/write-tree.js';

describeWithPeers(['fsck.cramfs', '7z'], 'a directory through our image', () => {
  test.each([
    { endianness: 'little', effort: 'default' },
    { endianness: 'little', effort: 'best' },
    { endianness: 'big', effort: 'default' },
  ] as const)('comes out of every extractor as it was: %j', async (options) => {
    await withTemporaryDirectory(async (folder) => {
      const [source, path] = [`${folder}/tree`, `${folder}/image`];
      writeTree(compatTree(), source);
      const problems: unknown[] = [];
      const root = readDirectorySource(source, { onProblem: (problem) => problems.push(problem) });
      await buildImageFile(root, path, options);
      expect(problems).toEqual([]);

      const image = openImage(readFileSync(path), { zlib: nodeZlib });
      await extractImage(image, `${folder}/ours`);
      expect(treeDifferences(source, `${folder}/ours`)).toEqual([]);
      extractWithFsck(path, `${folder}/fsck`);
      expect(treeDifferences(source, `${folder}/fsck`)).toEqual([]);
      extractWith7z(path, `${folder}/7z`);
      // 7-Zip gives directories its own modes.
      expect(treeDifferences(source, `${folder}/7z`, { modes: false })).toEqual([]);
    });
  });
});
