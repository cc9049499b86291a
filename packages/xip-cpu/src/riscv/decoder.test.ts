import { describe, expect, test } from 'vitest';
import { Decoder, INSTRUCTIONS, unimplementedName, type Xlen } from './decoder.js';
import { COMPRESSED } from './groups/compressed.js';
import { UNIMPLEMENTED } from './groups/unimplemented.js';
import { maskAndMatch, type Instruction } from './instruction.js';

function of(xlen: Xlen): readonly Instruction[] {
  return INSTRUCTIONS.filter(({ rv32, rv64 }) => (xlen === 32 ? rv32 : rv64) !== undefined);
}

describe.each<Xlen>([32, 64])('RV%i', (xlen) => {
  test('patterns have 32 bits, and no two of them a word in common', () => {
    const rows = of(xlen).map(({ name, pattern }) => ({ name, bits: maskAndMatch(pattern) }));
    for (const [
      at,
      {
        name,
        bits: [mask, match],
      },
    ] of rows.entries()) {
      expect(
        INSTRUCTIONS.find((row) => row.name === name)!.pattern.replaceAll(' ', ''),
      ).toHaveLength(32);
      for (const other of rows.slice(at + 1)) {
        const both = mask & other.bits[0];
        const apart = ((match ^ other.bits[1]) & both) !== 0;
        expect(apart, `${name} and ${other.name}`).toBe(true);
      }
    }
  });

  test('each instruction is found by its pattern, whatever its operands are', () => {
    const decoder = new Decoder(xlen);
    for (const { name, pattern } of of(xlen)) {
      const [mask, match] = maskAndMatch(pattern);
      for (const operands of [0, 0x55555555, 0xaaaaaaaa, 0xffffffff]) {
        expect(decoder.nameOf((match | (operands & ~mask)) >>> 0)).toBe(name);
      }
    }
  });

  test('each instruction of 16 bits stands for one of 32', () => {
    const decoder = new Decoder(xlen);
    for (const { name, pattern, only } of COMPRESSED) {
      const [mask, match] = maskAndMatch(pattern);
      expect(pattern.replaceAll(' ', ''), name).toHaveLength(16);
      if ((only ?? xlen) !== xlen) continue;
      const word = decoder.expand(match | (0x0554 & ~mask));
      expect(word, name).toBeDefined();
      expect(decoder.decode(word!), name).toBe(true);
    }
  });
});

test('an unimplemented instruction matches no implemented one, and has a name', () => {
  const decoders = [new Decoder(32), new Decoder(64)];
  for (const [name, pattern] of UNIMPLEMENTED) {
    const [mask, match] = maskAndMatch(pattern);
    const word = (match | (0x12345000 & ~mask)) >>> 0;
    if (!name.includes('Zicsr')) {
      for (const decoder of decoders) expect(decoder.nameOf(word), name).toBeUndefined();
    }
    expect(unimplementedName(word), pattern).toBeDefined();
  }
  expect(unimplementedName(0)).toBeUndefined();
});
