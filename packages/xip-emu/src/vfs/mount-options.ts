import type { MountOptions } from './mount.js';

/** Words after mount's -o that are flags of the mount, not options of the file system. */
export const MOUNT_OPTION_WORDS: ReadonlyMap<string, MountOptions> = new Map<string, MountOptions>([
  ['ro', { readOnly: true }],
  ['rw', { readOnly: false }],
  ['noexec', { noexec: true }],
  ['exec', { noexec: false }],
  ['nodev', { nodev: true }],
  ['dev', { nodev: false }],
  ['nosuid', { nosuid: true }],
  ['suid', { nosuid: false }],
]);

/** The flags that such words stand for; of two opposites the last one counts. */
export function mountOptionsOf(words: Iterable<string>): MountOptions {
  let options: MountOptions = {};
  for (const word of words) options = { ...options, ...MOUNT_OPTION_WORDS.get(word) };
  return options;
}

/** Takes the flags of a mount out of the words after -o. */
export function takeMountOptions(data: Map<string, string>): MountOptions {
  const words = [...data.keys()].filter((name) => MOUNT_OPTION_WORDS.has(name));
  for (const word of words) data.delete(word);
  return mountOptionsOf(words);
}
