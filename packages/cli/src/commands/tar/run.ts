import { AtomicFile } from 'mkcramfs/node';
import { tarChunks } from 'cramfs-reader';
import type { TarArguments } from './index.js';
import { warnOfCrc } from '../../shell/crc-warning.js';
import { FileError, UsageError } from '../../shell/errors.js';
import type { ExitCode } from '../../shell/exit-codes.js';
import { writeOut, type CliIo } from '../../shell/io.js';
import { openImageArgument } from '../../shell/open-image.js';
import { Problems } from '../../shell/problems.js';
import { isUsageError } from '../../shell/report-error.js';

/** `cramfs tar`, its command line parsed. */
export async function runTarCommand(args: TarArguments, io: CliIo): Promise<ExitCode> {
  const [file, ...paths] = args.operands as [string, ...string[]];
  const { output = '-' } = args;
  if (output === '-' && io.stdout.isTTY === true) {
    throw new UsageError('a tar does not belong on a terminal: use -o FILE or a pipe');
  }
  const image = await openImageArgument(file, args, io);
  const problems = new Problems(file, io);
  const chunks = tarChunks(image, {
    paths: paths.length === 0 ? undefined : paths,
    onError: (error) => {
      // A tar cannot hold sockets, which have no content: a warning, as in GNU tar.
      if (error.code === 'UNSUPPORTED') problems.warn(error);
      else problems.add(error);
    },
    maxBytes: args['max-bytes'],
    maxEntries: args['max-entries'],
  });
  if (output === '-') for (const chunk of chunks) await writeOut(io, chunk);
  else await writeFile(output, chunks, io);
  warnOfCrc(image, file, io);
  return problems.finish();
}

/** The file appears when it is complete. */
async function writeFile(path: string, chunks: Iterable<Uint8Array>, io: CliIo): Promise<void> {
  const { setImmediate } = await import('node:timers/promises');
  const signal = io.interruptSignal();
  let file: InstanceType<typeof AtomicFile> | undefined;
  try {
    file = new AtomicFile(path);
    for (const chunk of chunks) {
      file.write(chunk);
      // Let signals arrive.
      await setImmediate();
      signal.throwIfAborted();
    }
    file.commit();
  } catch (error) {
    throw isUsageError(error) ? error : new FileError(path, error);
  } finally {
    file?.abort();
  }
}
