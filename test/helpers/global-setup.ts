import { writeModules } from '../../scripts/src/modules.js';
import { notBuilt } from './built.js';

/** Before all tests: makes the one file that no source can do without, and says what else is missing. */
export default function setup(): void {
  writeModules();
  const missing = notBuilt([
    'packages/cli/bundle/main.cjs',
    'packages/cramfs-reader/bundle/image-worker.cjs',
    'packages/mkcramfs/bundle/compress-worker.cjs',
  ]);
  if (missing.length > 0) {
    process.stderr.write(
      `${missing.join(', ')}: missing, npm run build makes them; ` +
        'tests that run commands as processes, or threads, will fail\n',
    );
  }
}
