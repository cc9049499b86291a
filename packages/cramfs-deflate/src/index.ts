export {
  BlockDeflater,
  BlockTooLongError,
  DEFLATE_MODULE_SHA256,
  type Effort,
} from './block-deflater.js';
export {
  BlockInflater,
  InflateError,
  RUN_STREAMS,
  type InflatedRun,
  type InflateErrorCode,
} from './block-inflater.js';
