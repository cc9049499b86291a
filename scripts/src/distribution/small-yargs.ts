import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'rolldown';
import { inRepository } from '../paths.js';

const requireOfCli = createRequire(inRepository('packages/cli/package.json'));
const yargs = dirname(requireOfCli.resolve('yargs/package.json'));
const requireOfYargs = createRequire(join(yargs, 'package.json'));

/**
 * yargs in its build for browsers. The one for Node.js reads package.json and translations when it starts,
 * and loads what lays out help; the command line uses none of that (help is its own), and would take 6 ms
 * of its 25 for it. The build imports two libraries from the network: here, those that are installed.
 */
export const smallYargs: Plugin = {
  name: 'small-yargs',
  resolveId(source) {
    if (source === 'yargs/yargs') return join(yargs, 'browser.mjs');
    if (/^https:.*\/yargs-parser@/.test(source))
      return requireOfYargs.resolve('yargs-parser/browser');
    if (/^https:.*\/cliui@/.test(source)) return '\0no-cliui';
    return undefined;
  },
  load: (id) => (id === '\0no-cliui' ? 'export default undefined;' : undefined),
};
