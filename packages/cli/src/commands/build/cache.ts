/** Loaded with --cache only: a build without it needs no SHA-256. */
export { cachedCompressor } from 'mkcramfs/node';
