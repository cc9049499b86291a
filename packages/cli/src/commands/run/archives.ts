import { openTarStream } from 'cramfs-archive/node';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isCramfsError } from 'cramfs-format';
import type { ArchiveSource, Statement } from 'xip-emu';
import { FileError, InputError } from '../../shell/errors.js';

/** More than an emulated machine can use; stops decompression bombs. */
const MAX_ARCHIVE = 2 ** 30;

/**
 * Reads the archives that a scenario mounts, plain or compressed. A compressed archive is read-only: it is
 * not written back.
 *
 * @param scenario its path: names of archives are relative to it.
 */
export async function readArchives(
  scenario: string,
  statements: readonly Statement[],
): Promise<ReadonlyMap<string, ArchiveSource>> {
  const archives = new Map<string, ArchiveSource>();
  for (const statement of statements) {
    if (statement.op !== 'mount' || statement.file === undefined) continue;
    const path = resolve(dirname(scenario), statement.file);
    archives.set(statement.file, await readArchive(path));
  }
  return archives;
}

async function readArchive(path: string): Promise<ArchiveSource> {
  try {
    const stored = readFileSync(path);
    // Loaded here, because most scenarios mount no archive.
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of openTarStream(path).chunks) {
      length += chunk.length;
      if (length > MAX_ARCHIVE) throw new InputError(`more than ${MAX_ARCHIVE} bytes uncompressed`);
      chunks.push(chunk);
    }
    const bytes = Buffer.concat(chunks);
    return { bytes, readOnly: !bytes.equals(stored) };
  } catch (error) {
    throw isCramfsError(error) ? error : new FileError(path, error);
  }
}
