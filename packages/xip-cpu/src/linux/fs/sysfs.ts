import type { Machine } from 'xip-emu';
import { PseudoSuperBlock, directory } from './pseudo-fs.js';

/** Returns sysfs. Its top directories are empty, because there is no hardware to report. */
export function sysSuperBlock({ geometry }: Machine): PseudoSuperBlock {
  const names = ['block', 'bus', 'class', 'dev', 'devices', 'firmware', 'fs', 'kernel', 'module'];
  return new PseudoSuperBlock(
    'sysfs',
    geometry,
    directory(Object.fromEntries(names.map((name) => [name, directory({})]))),
  );
}
