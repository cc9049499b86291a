import { compare } from './compare.js';
import { file } from './file.js';
import { flash } from './flash.js';
import { laboratory } from './laboratory.js';
import { plan } from './plan.js';
import { program } from './program.js';
import { shell } from './shell.js';
import { tree } from './tree.js';

/** All texts of the page: a table for each view. The packages have their own texts about images. */
export const STRINGS = {
  shell,
  flash,
  tree,
  file,
  laboratory,
  program,
  plan,
  compare,
} as const;
