export { nodeZlib } from './zlib.js';
