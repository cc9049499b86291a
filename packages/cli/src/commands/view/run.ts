import { viewerTemplate } from 'cramfs-viewer/node';
import type { ViewArguments } from './index.js';
import { readPageImage, type PageImage } from './images.js';
import { openBrowser } from './open-browser.js';
import { writeReport } from './report.js';
import { servePage } from './serve.js';
import { UsageError } from '../../shell/errors.js';
import { EXIT, type ExitCode } from '../../shell/exit-codes.js';
import { print, type CliIo } from '../../shell/io.js';

/** `cramfs view`, its command line parsed. */
export async function runViewCommand(args: ViewArguments, io: CliIo): Promise<ExitCode> {
  const { operands, output, data } = args;
  if (!data && output === undefined) throw new UsageError('--no-data needs --output');
  if (output !== undefined && operands.length === 0) {
    throw new UsageError('--output needs an image');
  }
  const images: PageImage[] = [];
  for (const file of operands) images.push(await readPageImage(file, args, io));
  const template = viewerTemplate();
  if (output !== undefined) {
    await writeReport(output, template, images, data);
    return EXIT.ok;
  }
  const stopped = io.interruptSignal();
  const server = await servePage(template, images);
  try {
    await print(io, `${server.address}\n`);
    if (io.stderr.isTTY === true) io.stderr.write('Press ^C to stop.\n');
    if (args.open) void openInBrowser(server.address, io);
    await aborted(stopped);
  } finally {
    await server.close();
  }
  return EXIT.ok;
}

async function openInBrowser(address: string, io: CliIo): Promise<void> {
  if (await openBrowser(address)) return;
  io.stderr.write('cramfs: no browser could be started: open the address in one\n');
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
