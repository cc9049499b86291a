import { expect, test } from 'vitest';
import { libdeflateModule, packagedWasm } from './wasm-module.js';
import { widenStores } from './widen-stores.js';

test('changes the five loops of the module that empty tables, and nothing else', () => {
  const wasm = packagedWasm();
  const wider = widenStores(wasm);
  expect(wider.length).toBe(wasm.length);
  const changed: number[] = [];
  wider.forEach((value, at) => {
    const near = changed.at(-1) ?? -Infinity;
    if (value !== wasm[at] && at - near > 200) changed.push(at);
  });
  expect(changed).toHaveLength(5);
  expect(widenStores(wider)).toEqual(wider);
});

test('leaves other modules alone', () => {
  const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  expect(widenStores(empty)).toEqual(empty);
});

test('what the build puts into mkcramfs is the wider module', () => {
  const [, base64] = /^export default '([\w+/=]+)';\n$/.exec(libdeflateModule())!;
  expect(Buffer.from(base64!, 'base64').equals(widenStores(packagedWasm()))).toBe(true);
});
