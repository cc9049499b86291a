import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { cramfs } from '../../cli/run-cli.js';
import { describeWithPeers, runPeerOk, withTemporaryDirectory } from '../../helpers/peers.js';

vi.setConfig({ testTimeout: 240_000 });

const SOURCE = join(import.meta.dirname, 'swp.c');

/** What a kernel with CONFIG_SWP_EMULATE does: arch/arm/kernel/swp_emulate.c. */
const PRINTED = `11223344 aabbccdd
77 5566ef88
5 aabbccdd
aabbccdd 5
nothing there: signal 11, code 2, at itself: 1
read-only: signal 11, code 2, at itself: 1
not aligned: signal 11, code 2, at itself: 1
5 5566ef88
`;

describeWithPeers('arm-linux-gnueabihf-gcc', 'SWP and SWPB', () => {
  test('are emulated as Linux does', async () => {
    await withTemporaryDirectory(async (directory) => {
      const root = join(directory, 'root');
      mkdirSync(root);
      const options = ['-O1', '-marm', '-static', SOURCE, '-o', join(root, 'swp')];
      runPeerOk('arm-linux-gnueabihf-gcc', options);
      const image = join(directory, 'image');
      expect((await cramfs(['build', '-q', root, image])).code).toBe(0);
      const { code, stdout, stderr } = await cramfs(['exec', '--run', '-q', image, '/swp']);
      expect(stderr).toBe('');
      expect(stdout).toBe(PRINTED);
      expect(code).toBe(0);
    });
  });
});
