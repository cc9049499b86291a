/** One of the mappings that a file asks for. */
export interface PlannedMapping {
  /** Virtual address as the file has it. */
  readonly vaddr: number;
  /** Bytes in memory, and in the file; the rest of the memory is zeros. */
  readonly memsz: number;
  readonly filesz: number;
  /** Offset of the first byte in the file. */
  readonly offset: number;
  /** PROT_*. */
  readonly prot: number;
  /** MR_*. */
  readonly flags: number;
}

/** How a file is to be mapped. */
export interface MappingPlan {
  /** Addresses are those of the file; else the place is chosen. */
  readonly fixed: boolean;
  /** Alignment of the chosen place, in bytes. */
  readonly alignment: number;
  readonly mappings: readonly PlannedMapping[];
  /** _MAP_LOW32: the chosen place is below 4 GiB, as an object of 32 bits needs it. */
  readonly low32: boolean;
  /** How many results the caller needs room for, if not the number of mappings. */
  readonly elements?: number;
  /** Padding is possible. */
  readonly canBePadded: boolean;
  /** Reservations of /dev/null may be mapped over. */
  readonly takesReservations: boolean;
}

// mr_flags: what is mapped at the start of an element; at most one of them.
export const MR_PADDING = 0x1;
export const MR_HDR_ELF = 0x2;
export const MR_HDR_AOUT = 0x3;
