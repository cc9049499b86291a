export { BlockDeflater, type Effort } from './block-deflater.js';
export { BlockInflater, InflateError, type InflateErrorCode } from './block-inflater.js';
