import { CramfsError, nameToText } from 'cramfs-format';
import picomatch from 'picomatch';

/** Tells whether a path (a byte string, `/` first) matches. */
export type PathMatcher = (path: string) => boolean;

/**
 * Compiles globs in picomatch's language: `*`, `**`, `?`, `[...]`, `{a,b}`, backslash to take the
 * next character as it is. A glob is matched against the printable form of the path (see
 * cramfs-format's nameToText), leading dots included: one with a slash against the whole path
 * (`bin/*` means `/bin/*`), one without against the last name (`*.so` means every `.so`). A trailing
 * slash is ignored.
 *
 * @returns true for a path that any of the globs matches; never, if there are none.
 * @throws CramfsError BAD_REQUEST if a glob is empty or malformed.
 */
export function compileGlobs(globs: readonly string[]): PathMatcher {
  const matchers = globs.map(compileGlob);
  return (path) => {
    const text = nameToText(path);
    return matchers.some((matches) => matches(text));
  };
}

// In picomatch a `**` at the start of an absolute path matches one or more directories, elsewhere
// zero or more. Here it means the same everywhere.
function compileGlob(glob: string): (text: string) => boolean {
  const matches = compileOne(glob);
  const inRoot = /^\/?\*\*(\/.+)$/.exec(glob)?.[1];
  if (inRoot === undefined) return matches;
  const matchesInRoot = compileGlob(inRoot);
  return (text) => matches(text) || matchesInRoot(text);
}

function compileOne(glob: string): (text: string) => boolean {
  const trimmed = glob.length > 1 && glob.endsWith('/') ? glob.slice(0, -1) : glob;
  const basename = !trimmed.includes('/');
  const anchored = basename || trimmed.startsWith('/') ? trimmed : `/${trimmed}`;
  try {
    // `debug` and `strictBrackets` turn a malformed glob into an exception; without them it would
    // silently match nothing. The others make the result the same on every platform.
    return picomatch(anchored, {
      basename,
      debug: true,
      dot: true,
      nonegate: true,
      posix: true,
      strictBrackets: true,
      windows: false,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CramfsError('BAD_REQUEST', `bad glob '${glob}': ${reason}`, { cause });
  }
}
