/*
 * The operations that A32 and T32 instructions are decoded to. The interpreter's loop
 * (assembly/arm/) is compiled with this file, so there is one list only.
 * An operation has 16 bytes: its number (u16), the offsets of registers D and N in the state, M and
 * A, aux and count (bytes), an immediate (i32), and a second word (operation.ts writes them).
 */

/* Data processing: D = N op M (R) or N op the immediate (I); S sets the flags. */

export const MOV_I = 0;
export const MOVS_I = 1;
export const MOV_R = 2;
export const MOVS_R = 3;
export const MVN_R = 4;
export const MVNS_R = 5;
export const AND_R = 6;
export const AND_I = 7;
export const ANDS_R = 8;
export const ANDS_I = 9;
export const EOR_R = 10;
export const EOR_I = 11;
export const EORS_R = 12;
export const EORS_I = 13;
export const ORR_R = 14;
export const ORR_I = 15;
export const ORRS_R = 16;
export const ORRS_I = 17;
export const BIC_R = 18;
export const BICS_R = 19;
export const ORN_R = 20;
export const ORNS_R = 21;
export const ADD_R = 22;
export const ADD_I = 23;
export const ADDS_R = 24;
export const ADDS_I = 25;
export const SUB_R = 26;
export const SUBS_R = 27;
export const SUBS_I = 28;
export const RSB_R = 29;
export const RSB_I = 30;
export const RSBS_R = 31;
export const RSBS_I = 32;
export const ADC_R = 33;
export const ADC_I = 34;
export const ADCS_R = 35;
export const ADCS_I = 36;
export const SBC_R = 37;
export const SBCS_R = 38;
export const CMP_R = 39;
export const CMP_I = 40;
export const CMN_R = 41;
export const CMN_I = 42;
export const TST_R = 43;
export const TST_I = 44;
export const TEQ_R = 45;
export const TEQ_I = 46;
export const ADD_LSL = 47;
export const CARRY = 48;

/* Shifts of M by the immediate, 1 to 31 (I), or of N by the low byte of M (R). */

export const LSL_I = 49;
export const LSR_I = 50;
export const ASR_I = 51;
export const ROR_I = 52;
export const RRX = 53;
export const LSL_R = 54;
export const LSR_R = 55;
export const ASR_R = 56;
export const ROR_R = 57;
export const LSLS_I = 58;
export const LSRS_I = 59;
export const ASRS_I = 60;
export const RORS_I = 61;
export const RRXS = 62;
export const LSLS_R = 63;
export const LSRS_R = 64;
export const ASRS_R = 65;
export const RORS_R = 66;

/* Loads and stores of D at N + the immediate (I) or N + (M << aux) (R). */

export const LDR_I = 67;
export const LDR_R = 68;
export const LDRB_I = 69;
export const LDRB_R = 70;
export const LDRH_I = 71;
export const LDRH_R = 72;
export const LDRSB_I = 73;
export const LDRSB_R = 74;
export const LDRSH_I = 75;
export const LDRSH_R = 76;
export const STR_I = 77;
export const STR_R = 78;
export const STRB_I = 79;
export const STRB_R = 80;
export const STRH_I = 81;
export const STRH_R = 82;
export const LDM = 83;
export const STM = 84;

/* Branches: see emitter.ts. SKIP_* skip `aux` operations unless the condition holds. */

export const B = 85;
export const B_FAR = 86;
export const BX = 87;
export const BR = 88;
export const CBZ = 89;
export const CBNZ = 90;
export const B_EQ = 91;
export const B_NE = 92;
export const B_CS = 93;
export const B_CC = 94;
export const B_MI = 95;
export const B_PL = 96;
export const B_VS = 97;
export const B_VC = 98;
export const B_HI = 99;
export const B_LS = 100;
export const B_GE = 101;
export const B_LT = 102;
export const B_GT = 103;
export const B_LE = 104;
export const SKIP_EQ = 105;
export const SKIP_NE = 106;
export const SKIP_CS = 107;
export const SKIP_CC = 108;
export const SKIP_MI = 109;
export const SKIP_PL = 110;
export const SKIP_VS = 111;
export const SKIP_VC = 112;
export const SKIP_HI = 113;
export const SKIP_LS = 114;
export const SKIP_GE = 115;
export const SKIP_LT = 116;
export const SKIP_GT = 117;
export const SKIP_LE = 118;
export const SKIP_CBZ = 119;
export const SKIP_CBNZ = 120;

/* Multiplications and bit fields that compilers use often. */

export const MUL = 121;
export const MLA = 122;
export const MLS = 123;
export const UMULL = 124;
export const SMULL = 125;
export const UXTB = 126;
export const UXTH = 127;
export const SXTB = 128;
export const SXTH = 129;
export const UBFX = 130;
export const SBFX = 131;
export const BFI = 132;
export const CLZ = 133;
export const MOVT = 134;
export const SDIV = 135;
export const UDIV = 136;

/* Operations that stop the run. */

export const SVC = 137;
export const BKPT = 138;
export const ILLEGAL = 139;
export const STEP = 140;
/** An instruction in two pieces: bytes 2 to 4 have the number of the second one, as long as whose map is the immediate. */
export const CROSS = 141;

/* Rare operations: assembly/arm/media.ts. */

export const MULS = 160;
export const MLAS = 161;
export const UMULLS = 162;
export const SMULLS = 163;
export const UMLAL = 164;
export const SMLAL = 165;
export const UMLALS = 166;
export const SMLALS = 167;
export const UMAAL = 168;
export const SMULXY = 169;
export const SMLAXY = 170;
export const SMLALXY = 171;
export const SMULWY = 172;
export const SMLAWY = 173;
export const SMUAD = 174;
export const SMUSD = 175;
export const SMLAD = 176;
export const SMLSD = 177;
export const SMLALD = 178;
export const SMLSLD = 179;
export const SMMLA = 180;
export const SMMLS = 181;
export const USADA8 = 182;
export const EXTEND = 183;
export const REV = 184;
export const REV16 = 185;
export const REVSH = 186;
export const RBIT = 187;
export const SEL = 188;
export const PKHBT = 189;
export const PKHTB = 190;
export const SSAT = 191;
export const USAT = 192;
export const SSAT16 = 193;
export const USAT16 = 194;
export const QADD = 195;
export const QSUB = 196;
export const QDADD = 197;
export const QDSUB = 198;
export const PARALLEL = 199;
export const MRS = 200;
export const MSR = 201;
export const TPIDR_READ = 202;
export const TPIDR_WRITE = 203;
export const LDRD = 204;
export const STRD = 205;
export const LDREX = 206;
export const STREX = 207;
export const CLREX = 208;
export const ALIGNED = 209;

/* Floating point: assembly/arm/vfp.ts. Operands are offsets in the register file. */

export const VADD_F32 = 256;
export const VADD_F64 = 257;
export const VSUB_F32 = 258;
export const VSUB_F64 = 259;
export const VMUL_F32 = 260;
export const VMUL_F64 = 261;
export const VNMUL_F32 = 262;
export const VNMUL_F64 = 263;
export const VDIV_F32 = 264;
export const VDIV_F64 = 265;
export const VMLA_F32 = 266;
export const VMLA_F64 = 267;
export const VMLS_F32 = 268;
export const VMLS_F64 = 269;
export const VNMLA_F32 = 270;
export const VNMLA_F64 = 271;
export const VNMLS_F32 = 272;
export const VNMLS_F64 = 273;
export const VFMA_F32 = 274;
export const VFMA_F64 = 275;
export const VFMS_F32 = 276;
export const VFMS_F64 = 277;
export const VFNMA_F32 = 278;
export const VFNMA_F64 = 279;
export const VFNMS_F32 = 280;
export const VFNMS_F64 = 281;
export const VSQRT_F32 = 282;
export const VSQRT_F64 = 283;
export const VMOV_32 = 284;
export const VMOV_64 = 285;
export const VABS_32 = 286;
export const VABS_64 = 287;
export const VNEG_32 = 288;
export const VNEG_64 = 289;
export const VCMP_F32 = 290;
export const VCMP_F64 = 291;
export const VCMPZ_F32 = 292;
export const VCMPZ_F64 = 293;
export const VCVT_F64_F32 = 294;
export const VCVT_F32_F64 = 295;
export const VCVT_INT_F32 = 296;
export const VCVT_INT_F64 = 297;
export const VCVT_F32_INT = 298;
export const VCVT_F64_INT = 299;
export const VCVT_FIXED_F32 = 300;
export const VCVT_FIXED_F64 = 301;
export const VCVT_F32_FIXED = 302;
export const VCVT_F64_FIXED = 303;
export const VCVT_F32_F16 = 304;
export const VCVT_F16_F32 = 305;
export const VCVT_F64_F16 = 306;
export const VCVT_F16_F64 = 307;
export const VRINT_F32 = 308;
export const VRINT_F64 = 309;
export const VMAXNM_F32 = 310;
export const VMAXNM_F64 = 311;
export const VMINNM_F32 = 312;
export const VMINNM_F64 = 313;
export const VIMM_32 = 314;
export const VIMM_64 = 315;
export const VLDR_32 = 316;
export const VLDR_64 = 317;
export const VSTR_32 = 318;
export const VSTR_64 = 319;
export const VLDM = 320;
export const VSTM = 321;
export const VMOV_CORE = 322;
export const VMOV_TO_CORE = 323;
export const VMOV_2CORE = 324;
export const VMOV_TO_2CORE = 325;
export const VMOV_SCALAR = 326;
export const VMOV_TO_SCALAR = 327;
export const VMRS = 328;
export const VMSR = 329;
export const VMRS_APSR = 330;

/*
 * Advanced SIMD on lanes of D, N and M: assembly/arm/neon-lanes.ts. aux is the size, unsigned (4),
 * quad (8).
 */

export const VADD_I = 384;
export const VSUB_I = 385;
export const VHADD = 386;
export const VRHADD = 387;
export const VHSUB = 388;
export const VQADD = 389;
export const VQSUB = 390;
export const VCGT = 391;
export const VCGE = 392;
export const VCEQ = 393;
export const VTST = 394;
export const VMAX = 395;
export const VMIN = 396;
export const VABD = 397;
export const VABA = 398;
export const VSHL = 399;
export const VQSHL = 400;
export const VRSHL = 401;
export const VQRSHL = 402;
export const VMLA_I = 403;
export const VMLS_I = 404;
export const VMUL_I = 405;
export const VMUL_P = 406;
export const VQDMULH = 407;
export const VQRDMULH = 408;
export const VSHR_N = 409;
export const VSRA_N = 410;
export const VRSHR_N = 411;
export const VRSRA_N = 412;
export const VSRI_N = 413;
export const VSHL_N = 414;
export const VSLI_N = 415;
export const VQSHLU_N = 416;
export const VQSHL_N = 417;
export const VCLS = 418;
export const VCLZ = 419;
export const VCNT = 420;
export const VQABS = 421;
export const VQNEG = 422;
export const VABS_I = 423;
export const VNEG_I = 424;

/* Advanced SIMD on bits. */

export const VAND = 425;
export const VBIC = 426;
export const VORR = 427;
export const VORN = 428;
export const VEOR = 429;
export const VBSL = 430;
export const VBIT = 431;
export const VBIF = 432;
export const VMVN = 433;
export const VIMM_V = 434;
export const VBIC_N = 435;
export const VORR_N = 436;
export const VDUP = 437;
export const VDUP_CORE = 438;

/* Advanced SIMD between lanes: neon-permute.ts. */

export const VPADD_I = 439;
export const VPMAX = 440;
export const VPMIN = 441;
export const VPADDL = 442;
export const VPADAL = 443;
export const VREV = 444;
export const VSWP = 445;
export const VTRN = 446;
export const VUZP = 447;
export const VZIP = 448;
export const VEXT = 449;
export const VTBL = 450;
export const VTBX = 451;

/* Advanced SIMD to twice or half the size: neon-width.ts. */

export const VADDL = 452;
export const VADDW = 453;
export const VSUBL = 454;
export const VSUBW = 455;
export const VADDHN = 456;
export const VRADDHN = 457;
export const VSUBHN = 458;
export const VRSUBHN = 459;
export const VABAL = 460;
export const VABDL = 461;
export const VMLAL = 462;
export const VMLSL = 463;
export const VMULL = 464;
export const VMULL_P = 465;
export const VQDMULL = 466;
export const VQDMLAL = 467;
export const VQDMLSL = 468;
export const VSHLL = 469;
export const VMOVN = 470;
export const VQMOVN = 471;
export const VQMOVUN = 472;
export const VSHRN = 473;
export const VRSHRN = 474;
export const VQSHRN = 475;
export const VQRSHRN = 476;
export const VQSHRUN = 477;
export const VQRSHRUN = 478;

/* Advanced SIMD on singles: neon-float.ts. */

export const VADD_V = 479;
export const VSUB_V = 480;
export const VMUL_V = 481;
export const VMLA_V = 482;
export const VMLS_V = 483;
export const VFMA_V = 484;
export const VFMS_V = 485;
export const VABD_V = 486;
export const VMAX_V = 487;
export const VMIN_V = 488;
export const VCEQ_V = 489;
export const VCGE_V = 490;
export const VCGT_V = 491;
export const VACGE_V = 492;
export const VACGT_V = 493;
export const VABS_V = 494;
export const VNEG_V = 495;
export const VRECPS = 496;
export const VRSQRTS = 497;
export const VRECPE_V = 498;
export const VRSQRTE_V = 499;
export const VRECPE_I = 500;
export const VRSQRTE_I = 501;
export const VPADD_V = 502;
export const VPMAX_V = 503;
export const VPMIN_V = 504;
export const VCVT_INT_V = 505;
export const VCVT_V_INT = 506;
export const VCVT_HALF_V = 507;
export const VCVT_V_HALF = 508;

/* Advanced SIMD loads and stores of elements: neon-memory.ts. */

export const VLD_MULTIPLE = 509;
export const VST_MULTIPLE = 510;
export const VLD_LANE = 511;
export const VST_LANE = 512;
export const VLD_ALL = 513;
