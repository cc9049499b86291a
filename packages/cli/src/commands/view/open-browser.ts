import { spawn } from 'node:child_process';

/** What opens an address in the user's browser. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['explorer.exe'],
};

/**
 * Opens an address in the user's browser, which goes on when this process ends.
 *
 * @returns a promise of false if no browser can be started.
 */
export function openBrowser(address: string): Promise<boolean> {
  const [program, ...argv] = OPENERS[process.platform] ?? ['xdg-open'];
  return new Promise((resolve) => {
    const child = spawn(program, [...argv, address], { detached: true, stdio: 'ignore' });
    child.on('error', () => {
      resolve(false);
    });
    // explorer.exe always ends with 1.
    child.on('exit', (code) => {
      resolve(code === 0 || process.platform === 'win32');
    });
    child.unref();
  });
}
