// Apart from index.ts: builders match paths, too, and need no reader for it.
export { compileGlobs, type PathMatcher } from './compile-globs.js';
