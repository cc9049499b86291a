/** The longer array `fresh`, which starts with the content of `old`. */
export function enlarged<T extends Int32Array | Uint8Array | Uint32Array>(old: T, fresh: T): T {
  fresh.set(old);
  return fresh;
}
