// Not part of index.ts: builders match paths, too, and do not need a reader for it.
export { compileGlobs, type PathMatcher } from './compile-globs.js';
