import type { ReadVirtual } from './elf.js';

/** Sizes of Elf_Verdef, Elf_Verneed and Elf_Vernaux, the same in both classes. */
const VERDEF_SIZE = 20;
const VERNEED_SIZE = 16;
const VERNAUX_SIZE = 16;
/** Objects have fewer: more means damage. */
const MAX_ENTRIES = 4096;
/** The upper bit of an index hides the symbol. */
const VERSION_INDEX = 0x7fff;

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
  // vd_ndx, vd_next; vn_aux, vn_next; vna_other, vna_next.
  follow(verdef, VERDEF_SIZE, 16, (entry) => {
    seen(entry.getUint16(4, littleEndian));
  });
  follow(verneed, VERNEED_SIZE, 12, (entry, at) => {
    follow(at + entry.getUint32(8, littleEndian), VERNAUX_SIZE, 12, (aux) => {
      seen(aux.getUint16(6, littleEndian));
    });
  });
  return highest;

  function follow(
    start: number | undefined,
    size: number,
    nextAt: number,
    visit: (entry: DataView, at: number) => void,
  ): void {
    let at = start;
    for (let count = 0; at !== undefined && count < MAX_ENTRIES; count += 1) {
      const bytes = read(at, size);
      if (bytes === undefined) return;
      const entry = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      visit(entry, at);
      const next = entry.getUint32(nextAt, littleEndian);
      at = next === 0 ? undefined : at + next;
    }
  }
}
