import { bytesToName } from 'cramfs-format';

/** A variable of the environment; the last one of a name counts. Byte strings. */
export function variable(envp: readonly string[], name: string): string | undefined {
  const start = `${name}=`;
  return envp.findLast((each) => each.startsWith(start))?.slice(start.length);
}

/** The names in LD_PRELOAD. Compare elf/rtld.c:handle_preload_list(), ldso/dynlink.c:load_preload(). */
export function preloadNames(envp: readonly string[]): string[] {
  return words(variable(envp, 'LD_PRELOAD') ?? '');
}

/** The names in /etc/ld.so.preload, whose comments begin with `#`. Compare elf/rtld.c:dl_main(). */
export function preloadFileNames(bytes: Uint8Array): string[] {
  return words(bytesToName(bytes).replaceAll(/#[^\n]*/g, ''));
}

function words(text: string): string[] {
  return text.split(/[:\s]+/).filter((name) => name !== '');
}
