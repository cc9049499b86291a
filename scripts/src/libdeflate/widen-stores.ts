/*
 * libdeflate empties its hash tables, 192 KiB and more, before every block. For 4 KiB that is a
 * third of the work, because the WebAssembly of the npm package stores one entry of 16 bits at a time: the C
 * code leaves wider stores to a compiler with vectors. Four at a time take a quarter of that.
 */

const LOOP = '\x03\x40';
const BRANCH_IF = '\x0d\x00';
const GET = '\x20';
const TEE = '\x22';
const I32_CONST = '\x41';
const I32_NOT_EQUAL = '\x47';
const I32_ADD = '\x6a';
const I32_OR = '\x72';
const I32_SHIFT_LEFT = '\x74';
const NOP = '\x01';

/** `i32.const 0x8000; i32.store16`: an empty entry, at the address on the stack. */
const STORE_ENTRY = `${I32_CONST}\x80\x80\x02\x3b\x01\x00`;

/** `i64.const 0x8000800080008000; i64.store align=2 offset=...`: four of them. */
function storeFourEntries(offset: number): string {
  return `\x42\x80\x80\x82\x80\x88\x80\xa0\x80\x80\x7f\x37\x01${String.fromCharCode(offset)}`;
}

/** Stores entry `which` of eight, of which the first is at `base + at`. */
function storeLaterEntry(which: number): string {
  const offset = String.fromCharCode(2 * which);
  return `${GET}\\k<base>${GET}\\k<at>${I32_CONST}${offset}${I32_OR}${I32_ADD}${STORE_ENTRY}`;
}

/** `do { at = index << 1; STORES; index += 8; } while (index != end);` */
const EMPTYING_LOOP = new RegExp(
  [
    LOOP,
    `(?<address>${GET}(?<base>.)${GET}(?<index>.)${I32_CONST}\x01${I32_SHIFT_LEFT}${TEE}(?<at>.)${I32_ADD})`,
    `(?<stores>${STORE_ENTRY}${[1, 2, 3, 4, 5, 6, 7].map(storeLaterEntry).join('')})`,
    `(?<next>${GET}\\k<index>${I32_CONST}\x08${I32_ADD}${TEE}\\k<index>)`,
    `(?<end>${I32_CONST}[\x80-\xff]*[\x00-\x7f]${I32_NOT_EQUAL}${BRANCH_IF})`,
  ].join(''),
  'gs',
);

interface LoopParts {
  readonly address: string;
  readonly base: string;
  readonly at: string;
  readonly stores: string;
  readonly next: string;
  readonly end: string;
}

/**
 * libdeflate's WebAssembly with the loops that empty hash tables storing eight bytes at a time. It
 * computes the same: the stores that go are replaced by two that write the same bytes, and by
 * instructions that do nothing, so that no length in the module changes. What is not such a loop is
 * left alone; a module without any comes back as it was.
 *
 * @param wasm a module, as in the file of the npm package.
 */
export function widenStores(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const code = Buffer.from(wasm).toString('latin1');
  const wider = code.replace(EMPTYING_LOOP, (...match: unknown[]) => {
    const { address, base, at, stores, next, end } = match.at(-1) as LoopParts;
    const again = `${GET}${base}${GET}${at}${I32_ADD}`;
    const both = `${storeFourEntries(0)}${again}${storeFourEntries(8)}`;
    return LOOP + address + both.padEnd(stores.length, NOP) + next + end;
  });
  return new Uint8Array(Buffer.from(wider, 'latin1'));
}
