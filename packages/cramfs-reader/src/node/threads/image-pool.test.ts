import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withTemporaryDirectory } from '../../../../../test/helpers/peers.js';
import { buildRawImage, file, noise } from '../../../../../test/helpers/raw-image.js';
import { openImage } from '../../image.js';
import { checkImageFile } from '../check.js';
import { extractImage } from '../extract.js';
import { startPoolFor } from './image-pool.js';

test('threads started for a file serve one call after the other', async () => {
  const { bytes } = buildRawImage({ a: file(noise(50_000)), b: file(noise(9000)) });
  await withTemporaryDirectory(async (path) => {
    writeFileSync(`${path}/image`, bytes);
    const pool = startPoolFor(`${path}/image`, 2);
    try {
      expect(pool?.threads).toHaveLength(2);
      const checked = await checkImageFile(bytes, { pool });
      expect(checked).toEqual(await checkImageFile(bytes, { workers: 0 }));
      const image = openImage(bytes);
      const options = { pool, preserveOwner: false };
      expect(await extractImage(image, `${path}/out`, options)).toMatchObject({ files: 2 });
      expect(await extractImage(image, `${path}/more`, options)).toMatchObject({ files: 2 });
    } finally {
      await pool?.close();
    }
  });
});

test('threads closed before they have come up', async () => {
  await withTemporaryDirectory(async (path) => {
    writeFileSync(`${path}/image`, noise(5000));
    await startPoolFor(`${path}/image`, 3)?.close();
  });
});

test('no threads for small, empty or missing files, or if none are asked for', async () => {
  await withTemporaryDirectory((path) => {
    writeFileSync(`${path}/small`, noise(5000));
    writeFileSync(`${path}/empty`, '');
    expect(startPoolFor(`${path}/small`)).toBeUndefined();
    expect(startPoolFor(`${path}/empty`, 2)).toBeUndefined();
    expect(startPoolFor(`${path}/missing`, 2)).toBeUndefined();
    expect(startPoolFor(`${path}/${'x'.repeat(300)}`, 2)).toBeUndefined();
    expect(startPoolFor(`${path}/small`, 0)).toBeUndefined();
  });
});
