import { crc32 } from 'node:zlib';
import { isCramfsError, nameToText, plural } from 'cramfs-format';
import {
  buildImage,
  type BlockCompressor,
  type BuildOptions,
  type BuildReport,
  type DirectoryEntry,
  type EntryReport,
  type ImageSink,
} from 'mkcramfs';

/** An option that may make an image smaller. */
interface Saver {
  readonly option: string;
  /** Only the image's bytes change: Linux reads the same, at the same cost. */
  readonly harmless: boolean;
  readonly change: (options: BuildOptions) => BuildOptions;
}

/** Files named as the largest. */
const NAMED = 3;

const NOWHERE: ImageSink = { write: () => undefined, patch: () => undefined };

/**
 * How to make an image smaller that is too big, as lines with figures, which come from building the image
 * again each way.
 *
 * @param limit bytes that there are room for.
 */
export async function explainTooBig(
  tree: DirectoryEntry,
  options: BuildOptions,
  limit: number,
  compressor: BlockCompressor,
): Promise<string[]> {
  const quiet: BuildOptions = {
    ...options,
    maxSize: Infinity,
    strict: false,
    force: true,
    onProblem: () => undefined,
  };
  const measure = async (changed: BuildOptions): Promise<BuildReport | undefined> => {
    try {
      return await buildImage(tree, changed, { compressor, sink: NOWHERE, crc32 });
    } catch (error) {
      if (!isCramfsError(error)) throw error;
      return undefined;
    }
  };
  const now = await measure({ ...quiet, measureXipCost: true });
  if (now === undefined) return [];
  const savings: { readonly option: string; readonly bytes: number }[] = [];
  for (const { option, change } of allSavers(options)) {
    const then = await measure(change(quiet));
    if (then !== undefined) savings.push({ option, bytes: now.size - then.size });
  }
  return [
    ...savings
      .filter(({ bytes }) => bytes > 0)
      .sort((a, b) => b.bytes - a.bytes)
      .map(
        ({ option, bytes }) =>
          `${option} saves ${plural(bytes, 'byte')}${now.size - bytes <= limit ? ': enough' : ''}`,
      ),
    ...topFiles('--xip-exclude: in place costs most:', now.entries, ({ xip }) => xip?.cost ?? 0),
    ...topFiles('--exclude: the largest are', now.entries, ({ stored }) => stored),
  ];
}

function allSavers(options: BuildOptions): Saver[] {
  const single = savers(options);
  const harmless = single.filter((saver) => saver.harmless);
  if (harmless.length < 2) return single;
  const all: Saver = {
    option: harmless.map(({ option }) => option).join(' '),
    harmless: true,
    change: (changed) => harmless.reduce((soFar, { change }) => change(soFar), changed),
  };
  return [...single, all];
}

function savers({ effort, holes, extendedPointers, compat, xip }: BuildOptions): Saver[] {
  const inPlace = xip !== undefined && xip.mode !== 'none';
  const own = compat === undefined;
  const found: Saver[] = [];
  if (own && effort !== 'best') {
    const change = (options: BuildOptions): BuildOptions => ({ ...options, effort: 'best' });
    found.push({ option: '--best', harmless: true, change });
  }
  if (holes !== true) {
    const change = (options: BuildOptions): BuildOptions => ({ ...options, holes: true });
    found.push({ option: '--holes', harmless: true, change });
  }
  if (own && extendedPointers !== true && !inPlace) {
    const change = (options: BuildOptions): BuildOptions => ({
      ...options,
      extendedPointers: true,
    });
    found.push({ option: '--ext-pointers', harmless: true, change });
  }
  if (inPlace) {
    found.push({
      option: '--tail share',
      harmless: false,
      change: (options) => ({ ...options, xip: { ...xip, tail: () => 'share' } }),
    });
    found.push({
      option: '--xip none',
      harmless: false,
      change: (options) => ({ ...options, xip: { mode: 'none' } }),
    });
  }
  return found;
}

function topFiles(
  title: string,
  entries: readonly EntryReport[],
  size: (entry: EntryReport) => number,
): string[] {
  const top = entries
    .filter((entry) => size(entry) > 0)
    .sort((a, b) => size(b) - size(a))
    .slice(0, NAMED);
  if (top.length === 0) return [];
  const names = top.map((entry) => `${nameToText(entry.path)} ${plural(size(entry), 'byte')}`);
  return [`${title} ${names.join(', ')}`];
}
