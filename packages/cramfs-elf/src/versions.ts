import {
  decodeStructure,
  type FieldKind,
  type FieldKinds,
  type Structure,
  type StructureValues,
} from 'cramfs-format';
import type { ReadVirtual } from './elf.js';
import { NEEDED_VERSION, VERSION_DEFINITION, VERSION_NEED } from './headers.js';

/** Objects have fewer: more means damage. */
const MAX_ENTRIES = 4096;
/** The upper bit of an index hides the symbol. */
const VERSION_INDEX = 0x7fff;

/** Entries that say how many bytes after them the next one is. */
type LinkedKinds = FieldKinds & { readonly next: FieldKind<'number'> };

/** Where the tables of symbol versions are; undefined for tables that an object does not have. */
export interface VersionTables {
  readonly verdef: number | undefined;
  readonly verneed: number | undefined;
}

/**
 * The highest index of the symbol versions that an object defines (DT_VERDEF) and needs
 * (DT_VERNEED); 0 for none. Compare glibc's elf/dl-version.c:_dl_check_map_versions().
 */
export function highestVersion(
  { verdef, verneed }: VersionTables,
  littleEndian: boolean,
  read: ReadVirtual,
): number {
  let highest = 0;
  const seen = (index: number): void => {
    highest = Math.max(highest, index & VERSION_INDEX);
  };
  follow(VERSION_DEFINITION, verdef, ({ ndx }) => {
    seen(ndx);
  });
  follow(VERSION_NEED, verneed, ({ aux }, at) => {
    follow(NEEDED_VERSION, at + aux, ({ other }) => {
      seen(other);
    });
  });
  return highest;

  function follow<Kinds extends LinkedKinds>(
    entry: Structure<Kinds>,
    start: number | undefined,
    visit: (values: StructureValues<Kinds>, at: number) => void,
  ): void {
    let at = start;
    for (let count = 0; at !== undefined && count < MAX_ENTRIES; count += 1) {
      const bytes = read(at, entry.size);
      if (bytes === undefined) return;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const values = decodeStructure(entry, view, 0, littleEndian);
      visit(values, at);
      const { next } = values;
      at = next === 0 ? undefined : at + next;
    }
  }
}
