import type { Machine } from 'xip-emu';

/** Returns the text of /proc/mounts. Compare fs/proc_namespace.c:show_vfsmnt(). */
export function mountsText({ mounts }: Machine): string {
  let text = '';
  for (const mount of mounts) {
    const { path, sb, readOnly, nodev, noexec } = mount;
    if (path === '') continue;
    const source = sb.type === 'cramfs' ? '/dev/root' : sb.type;
    const flags = [
      readOnly ? 'ro' : 'rw',
      ...(nodev ? ['nodev'] : []),
      ...(noexec ? ['noexec'] : []),
    ];
    text += `${source} ${path} ${sb.type} ${flags.join(',')} 0 0\n`;
  }
  return text;
}
