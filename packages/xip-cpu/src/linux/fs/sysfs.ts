import type { Machine } from 'xip-emu';
import { PseudoSuperBlock, directory } from './pseudo-fs.js';

/** sysfs: its top directories, which are empty, as there is no hardware to be told of. */
export function sysSuperBlock({ geometry }: Machine): PseudoSuperBlock {
  const names = ['block', 'bus', 'class', 'dev', 'devices', 'firmware', 'fs', 'kernel', 'module'];
  return new PseudoSuperBlock(
    'sysfs',
    geometry,
    directory(Object.fromEntries(names.map((name) => [name, directory({})]))),
  );
}
