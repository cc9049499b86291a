import type { Instruction } from '../instruction.js';
import * as op from '../operations.js';

function memory(
  name: string,
  pattern: string,
  form: 'I' | 'S',
  operation: number,
  registers: string,
): Instruction {
  return { name, pattern, form, rv64: { operation }, rv32: { operation }, registers };
}

/**
 * Returns the instruction on singles and the one on doubles.
 *
 * @param pattern without the two bits of the format.
 * @param single the operation on singles; the operation on doubles is the next.
 * @param only64 whether it uses integers of 64 bits.
 */
function pair(
  name: string,
  pattern: string,
  single: number,
  registers: string,
  only64 = false,
): Instruction[] {
  return ['s', 'd'].map((format, at) => {
    const work = { operation: op.FLOAT, extra: single + at };
    return {
      name: name.replace('*', format),
      pattern: pattern.replace('ff', at === 0 ? '00' : '01'),
      form: pattern.startsWith('uuuuu') ? 'R4' : 'R',
      rv64: work,
      rv32: only64 ? undefined : work,
      registers,
    };
  });
}

function format(name: string, pattern: string, extra: number): Instruction {
  const work = { operation: op.FLOAT, extra };
  return { name, pattern, form: 'R', rv64: work, rv32: work, registers: 'ffx' };
}

const moves = pair('fmv.x.*', '11100ff 00000 sssss 000 ddddd 1010011', op.FMV_TO_X_S, 'xfx');
const movesBack = pair('fmv.*.x', '11110ff 00000 sssss 000 ddddd 1010011', op.FMV_FROM_X_S, 'fxx');

/** Gives two moves their names. RV32 has none for doubles, which its registers cannot hold. */
function named(
  [single, double]: readonly Instruction[],
  name: string,
  name64: string,
): Instruction[] {
  return [
    { ...single!, name },
    { ...double!, name: name64, rv32: undefined },
  ];
}

/** The F and D extensions. */
export const FLOAT: readonly Instruction[] = [
  memory('flw', 'iiiiiiiiiiii sssss 010 ddddd 0000111', 'I', op.FLW, 'fxx'),
  memory('fld', 'iiiiiiiiiiii sssss 011 ddddd 0000111', 'I', op.FLD, 'fxx'),
  memory('fsw', 'iiiiiii ttttt sssss 010 iiiii 0100111', 'S', op.FSW, 'xxf'),
  memory('fsd', 'iiiiiii ttttt sssss 011 iiiii 0100111', 'S', op.FSD, 'xxf'),

  ...pair('fmadd.*', 'uuuuu ff ttttt sssss mmm ddddd 1000011', op.FMADD_S, 'fff'),
  ...pair('fmsub.*', 'uuuuu ff ttttt sssss mmm ddddd 1000111', op.FMSUB_S, 'fff'),
  ...pair('fnmsub.*', 'uuuuu ff ttttt sssss mmm ddddd 1001011', op.FNMSUB_S, 'fff'),
  ...pair('fnmadd.*', 'uuuuu ff ttttt sssss mmm ddddd 1001111', op.FNMADD_S, 'fff'),

  ...pair('fadd.*', '00000ff ttttt sssss mmm ddddd 1010011', op.FADD_S, 'fff'),
  ...pair('fsub.*', '00001ff ttttt sssss mmm ddddd 1010011', op.FSUB_S, 'fff'),
  ...pair('fmul.*', '00010ff ttttt sssss mmm ddddd 1010011', op.FMUL_S, 'fff'),
  ...pair('fdiv.*', '00011ff ttttt sssss mmm ddddd 1010011', op.FDIV_S, 'fff'),
  ...pair('fsqrt.*', '01011ff 00000 sssss mmm ddddd 1010011', op.FSQRT_S, 'fff'),
  ...pair('fsgnj.*', '00100ff ttttt sssss 000 ddddd 1010011', op.FSGNJ_S, 'fff'),
  ...pair('fsgnjn.*', '00100ff ttttt sssss 001 ddddd 1010011', op.FSGNJN_S, 'fff'),
  ...pair('fsgnjx.*', '00100ff ttttt sssss 010 ddddd 1010011', op.FSGNJX_S, 'fff'),
  ...pair('fmin.*', '00101ff ttttt sssss 000 ddddd 1010011', op.FMIN_S, 'fff'),
  ...pair('fmax.*', '00101ff ttttt sssss 001 ddddd 1010011', op.FMAX_S, 'fff'),
  ...pair('fle.*', '10100ff ttttt sssss 000 ddddd 1010011', op.FLE_S, 'xff'),
  ...pair('flt.*', '10100ff ttttt sssss 001 ddddd 1010011', op.FLT_S, 'xff'),
  ...pair('feq.*', '10100ff ttttt sssss 010 ddddd 1010011', op.FEQ_S, 'xff'),
  ...pair('fclass.*', '11100ff 00000 sssss 001 ddddd 1010011', op.FCLASS_S, 'xfx'),

  ...pair('fcvt.w.*', '11000ff 00000 sssss mmm ddddd 1010011', op.FCVT_W_S, 'xfx'),
  ...pair('fcvt.wu.*', '11000ff 00001 sssss mmm ddddd 1010011', op.FCVT_WU_S, 'xfx'),
  ...pair('fcvt.l.*', '11000ff 00010 sssss mmm ddddd 1010011', op.FCVT_L_S, 'xfx', true),
  ...pair('fcvt.lu.*', '11000ff 00011 sssss mmm ddddd 1010011', op.FCVT_LU_S, 'xfx', true),
  ...pair('fcvt.*.w', '11010ff 00000 sssss mmm ddddd 1010011', op.FCVT_FROM_W_S, 'fxx'),
  ...pair('fcvt.*.wu', '11010ff 00001 sssss mmm ddddd 1010011', op.FCVT_FROM_WU_S, 'fxx'),
  ...pair('fcvt.*.l', '11010ff 00010 sssss mmm ddddd 1010011', op.FCVT_FROM_L_S, 'fxx', true),
  ...pair('fcvt.*.lu', '11010ff 00011 sssss mmm ddddd 1010011', op.FCVT_FROM_LU_S, 'fxx', true),
  format('fcvt.s.d', '0100000 00001 sssss mmm ddddd 1010011', op.FCVT_S_D),
  format('fcvt.d.s', '0100001 00000 sssss mmm ddddd 1010011', op.FCVT_D_S),
  ...named(moves, 'fmv.x.w', 'fmv.x.d'),
  ...named(movesBack, 'fmv.w.x', 'fmv.d.x'),
];
