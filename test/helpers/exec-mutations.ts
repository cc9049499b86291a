import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** One program that a kernel was given, and its answer; see test/fixtures/exec-mutations/README.md. */
export interface MutatedProgram {
  readonly name: string;
  /** The errno of execve(), or `ok`. */
  readonly ret: string;
  /** How the program ended: exit:N or signal:NAME; empty if execve() failed. */
  readonly status: string;
  readonly description: string;
}

const ELF_HEADER: Readonly<Record<string, Field>> = {
  e_type: [16, 2],
  e_machine: [18, 2],
  e_version: [20, 4],
  e_entry: [24, 8],
  e_phoff: [32, 8],
  e_flags: [48, 4],
  e_ehsize: [52, 2],
  e_phentsize: [54, 2],
  e_phnum: [56, 2],
  class: [4, 1],
  data: [5, 1],
  ver: [6, 1],
  osabi: [7, 1],
};
const PROGRAM_HEADER: Readonly<Record<string, Field>> = {
  p_type: [0, 4],
  p_flags: [4, 4],
  p_offset: [8, 8],
  p_vaddr: [16, 8],
  p_filesz: [32, 8],
  p_memsz: [40, 8],
  p_align: [48, 8],
};
const PHOFF = 64;
const PHENTSIZE = 56;

type Field = readonly [offset: number, bytes: number];

export function fixture(name: string): Uint8Array {
  const url = new URL(`../fixtures/exec-mutations/${name}.gz`, import.meta.url);
  return new Uint8Array(gunzipSync(readFileSync(url)));
}

/** The rows of a record. */
export function mutatedPrograms(kernel: 'mmu' | 'nommu'): MutatedProgram[] {
  const lines = new TextDecoder()
    .decode(fixture(`expected-${kernel}.tsv`))
    .trimEnd()
    .split('\n');
  return lines.map((line) => {
    const [name, ret, status, description] = line.split('\t');
    return { name: name!, ret: ret!, status: status!, description: description! };
  });
}

/** Makes a program from its description: `BASE truncated to N`, `BASE FIELD=VALUE, …`. */
export function mutate(description: string, bases: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const [base, ...words] = description.split(' ');
  const change = words.join(' ');
  const original = bases.get(base!)!;
  const length = /^truncated to (\d+)$/.exec(change)?.[1];
  if (length !== undefined) return original.slice(0, Number(length));
  const bytes = original.slice();
  for (const part of change.split(', ')) {
    const { at, size, value, little } = parsePart(part);
    for (let byte = 0; byte < size; byte += 1) {
      const shift = BigInt(8 * (little ? byte : size - 1 - byte));
      bytes[at + byte] = Number((value >> shift) & 0xffn);
    }
  }
  return bytes;
}

/** `e_type=0x1`, `ph3 p_memsz=0x1000`, `word5=0x40`. */
function parsePart(part: string): { at: number; size: number; value: bigint; little: boolean } {
  const [, index, name, number, text] = /^(?:ph(\d+) )?([a-z_]+)(\d*)=(0x[0-9a-f]+)$/.exec(part)!;
  const value = BigInt(text!);
  if (name === 'word') return { at: 4 * Number(number), size: 4, value, little: false };
  const [offset, size] = (index === undefined ? ELF_HEADER : PROGRAM_HEADER)[name!]!;
  const table = index === undefined ? 0 : PHOFF + PHENTSIZE * Number(index);
  return { at: table + offset, size, value, little: true };
}
