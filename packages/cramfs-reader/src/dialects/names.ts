/**
 * The dialects of cramfs by the names that `info` prints and `--dialect` takes. Each has a file in this
 * folder that says how it is recognised and read.
 */
export const DIALECT_NAMES = [
  'standard',
  'old',
  'openrg',
  'linear-xip',
  'asxipfs',
  'jinke',
  'swapped-crc',
  'swapped-16',
  'swapped-32',
  'sony-lz77',
  'sony-lzo',
  'unknown',
] as const;

export type DialectName = (typeof DIALECT_NAMES)[number];
