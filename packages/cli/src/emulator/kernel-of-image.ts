import type { CramfsImage } from 'cramfs-reader';
import { LINUX_POLICIES, type PolicyName } from 'xip-emu';
import { InputError } from '../shell/errors.js';

/**
 * The kernel that mounts an image: its dialect's, or mainline Linux, or the one given by `--policy`.
 *
 * @throws InputError if that kernel is for images of other dialects.
 */
export function kernelOfImage({ dialect }: CramfsImage, asked: PolicyName | undefined): PolicyName {
  const own = dialect.kernel === undefined ? undefined : dialect.name;
  const names = Object.keys(LINUX_POLICIES) as PolicyName[];
  const suitable = names.filter((name) => LINUX_POLICIES[name].cramfs.dialect === own);
  if (asked === undefined) return suitable[0]!;
  if (suitable.includes(asked)) return asked;
  throw new InputError(
    `dialect ${dialect.name}: --policy ${asked} is for other images, use ${suitable.join(', ')}`,
  );
}
