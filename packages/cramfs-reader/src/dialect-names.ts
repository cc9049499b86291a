export { DIALECT_NAMES, type DialectName } from './dialects/names.js';
