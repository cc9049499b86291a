import { spawn } from 'node:child_process';
import { bytesToName } from 'cramfs-format';
import { ExtendedAttributes } from '../extended-attributes.js';

/**
 * Looks for extended attributes below a directory with getfattr(1), as Node.js has no call for them.
 * It runs in parallel with the build. If it is not installed, nothing is found.
 *
 * @returns those of all files, even of files that the build leaves out.
 */
export async function findExtendedAttributes(directory: string): Promise<ExtendedAttributes> {
  const child = spawn('getfattr', ['-R', '-P', '-h', '-m', '-', '.'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = await new Promise<boolean>((resolve) => {
    child.on('error', () => {
      resolve(false);
    });
    child.on('close', () => {
      resolve(true);
    });
  });
  return ended ? parse(bytesToName(Buffer.concat(chunks))) : new ExtendedAttributes();
}

const FILE = '# file: ';

/** A head line for each file that has attributes, a line for each of them, and an empty one. */
function parse(output: string): ExtendedAttributes {
  const found = new ExtendedAttributes();
  for (const record of output.split('\n\n')) {
    const [head = '', ...names] = record.split('\n');
    if (head.startsWith(FILE)) found.set(treePath(head.slice(FILE.length)), names);
  }
  return found;
}

/** Returns the path in the tree for `./a` or `a`, in which odd bytes are `\NNN`. */
function treePath(name: string): string {
  const bytes = name.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 8)),
  );
  return `/${bytes.replace(/^\.?\/?/, '')}`;
}
