import { describe, expect, test } from 'vitest';
import { PF_R, PF_W, PF_X, PT_INTERP, PT_LOAD, type ElfFile, type ElfSegment } from './elf.js';
import { isLoadable, loadSegments, readOnlySegments } from './segments.js';

function segment(type: number, flags: number, filesz = 0x100): ElfSegment {
  return { type, flags, offset: 0, vaddr: 0, filesz, memsz: filesz, align: 0x1000 };
}

function elf(segments: ElfSegment[], type: ElfFile['type'] = 'exec'): ElfFile {
  const header = { elfClass: 32, endianness: 'little', machine: 40, osAbi: 0, flags: 0 } as const;
  return { ...header, type, entry: 0, segments };
}

const INTERP = segment(PT_INTERP, PF_R);
const HEADERS = segment(PT_LOAD, PF_R);
const TEXT = segment(PT_LOAD, PF_R | PF_X);
const EXECUTE_ONLY = segment(PT_LOAD, PF_X);
const DATA = segment(PT_LOAD, PF_R | PF_W);
const ALL = segment(PT_LOAD, PF_R | PF_W | PF_X);
const BSS = segment(PT_LOAD, PF_R | PF_W, 0);
const EMPTY_RODATA = segment(PT_LOAD, PF_R, 0);
const NO_ACCESS = segment(PT_LOAD, 0);

describe('segments of a program', () => {
  const program = elf([
    INTERP,
    HEADERS,
    TEXT,
    EXECUTE_ONLY,
    DATA,
    ALL,
    BSS,
    EMPTY_RODATA,
    NO_ACCESS,
  ]);

  test('loaded from the file: PT_LOAD with bytes, in their order', () => {
    expect(loadSegments(program)).toEqual([HEADERS, TEXT, EXECUTE_ONLY, DATA, ALL, NO_ACCESS]);
  });

  test('read-only: those that can run in place', () => {
    expect(readOnlySegments(program)).toEqual([HEADERS, TEXT, EXECUTE_ONLY]);
  });
});

describe('isLoadable', () => {
  test('executables and shared objects, not object files and core dumps', () => {
    const types = ['none', 'rel', 'exec', 'dyn', 'core', 'other'] as const;
    expect(types.filter((type) => isLoadable(elf([TEXT], type)))).toEqual(['exec', 'dyn']);
  });
});
