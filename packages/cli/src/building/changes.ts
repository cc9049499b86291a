import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { CramfsError, S_IFLNK, S_IFREG, bytesToName, textToName } from 'cramfs-format';
import type { TreeChange, TreeEntry } from 'mkcramfs';
import { readDirectorySource } from 'mkcramfs/node';
import { UsageError } from '../shell/errors.js';
import { about } from '../shell/report-error.js';

/** Options that change single entries, as they were given. */
export interface ChangeArguments {
  readonly add: readonly string[];
  readonly replace: readonly string[];
  readonly remove: readonly string[];
  readonly chmod: readonly string[];
  readonly chown: readonly string[];
}

/** A change whose file has not been read yet. */
export type ChangeRequest =
  | { readonly kind: 'add' | 'replace'; readonly path: string; readonly file: string }
  | Extract<TreeChange, { readonly kind: 'remove' | 'chmod' | 'chown' }>;

/**
 * Removals come first, so that something else can be added in their place; then additions and replacements;
 * modes and owners last.
 *
 * @throws UsageError
 */
export function parseChanges(args: ChangeArguments): ChangeRequest[] {
  return [
    ...args.remove.map((path) => ({ kind: 'remove', path: pathOf('--remove', path) }) as const),
    ...(['add', 'replace'] as const).flatMap((kind) =>
      args[kind].map((text) => {
        const { path, value } = split(`--${kind}`, text, 'PATH=FILE');
        return { kind, path, file: value };
      }),
    ),
    ...args.chmod.map((text) => {
      const { path, value } = split('--chmod', text, 'PATH=OCTAL');
      const permissions = /^[0-7]{1,4}$/.test(value) ? parseInt(value, 8) : NaN;
      if (Number.isNaN(permissions)) {
        throw new UsageError(`--chmod cannot be '${text}': use PATH=OCTAL, at most 7777`);
      }
      return { kind: 'chmod', path, permissions } as const;
    }),
    ...args.chown.map((text) => {
      const { path, value } = split('--chown', text, 'PATH=UID:GID');
      const match = /^([0-9]{1,9}):([0-9]{1,9})$/.exec(value);
      if (match === null) {
        throw new UsageError(`--chown cannot be '${text}': use PATH=UID:GID with decimal numbers`);
      }
      return { kind: 'chown', path, uid: Number(match[1]), gid: Number(match[2]) } as const;
    }),
  ];
}

/** A path of the image may contain `=`; what follows it does not, unless it is a file's name. */
function split(option: string, text: string, form: string): { path: string; value: string } {
  const at = form.endsWith('FILE') ? text.indexOf('=') : text.lastIndexOf('=');
  if (at <= 0 || at === text.length - 1) {
    throw new UsageError(`${option} cannot be '${text}': use ${form}`);
  }
  return { path: pathOf(option, text.slice(0, at)), value: text.slice(at + 1) };
}

function pathOf(option: string, text: string): string {
  if (text === '') throw new UsageError(`${option} needs a path`);
  const path = textToName(text)
    .replace(/\/+/g, '/')
    .replace(/(.)\/$/, '$1');
  return path.startsWith('/') ? path : `/${path}`;
}

/** Reads the files of changes. @throws FileError */
export async function readChanges(requests: readonly ChangeRequest[]): Promise<TreeChange[]> {
  const changes: TreeChange[] = [];
  for (const request of requests) {
    if (!('file' in request)) {
      changes.push(request);
      continue;
    }
    const { kind, path, file } = request;
    if (kind === 'add') {
      changes.push({ kind, path, entry: await about(file, () => addedEntry(file)) });
    } else {
      const bytes = await about(file, () => readFileSync(file));
      changes.push({ kind, path, content: { size: bytes.length, read: () => bytes } });
    }
  }
  return changes;
}

/** Ids of this machine mean nothing on the target: added entries are root's. */
const OWNER = { uid: 0, gid: 0 } as const;
const PERMISSIONS = 0o7777;

function addedEntry(file: string): TreeEntry {
  const status = lstatSync(file);
  const permissions = status.mode & PERMISSIONS;
  if (status.isDirectory()) return addedDirectory(file);
  if (status.isSymbolicLink()) {
    const target = bytesToName(readlinkSync(file, 'buffer'));
    return { type: 'symlink', mode: S_IFLNK | 0o777, ...OWNER, target };
  }
  if (!status.isFile()) {
    throw new CramfsError('BAD_SOURCE', 'neither a file, nor a directory, nor a symbolic link');
  }
  const bytes = readFileSync(file);
  const mode = S_IFREG | permissions;
  return { type: 'file', mode, ...OWNER, size: bytes.length, read: () => bytes };
}

function addedDirectory(path: string): TreeEntry {
  const problems: string[] = [];
  const root = readDirectorySource(path, {
    onProblem: ({ severity, message }) => {
      if (severity === 'error') problems.push(message);
    },
  });
  const [first] = problems;
  if (first !== undefined) throw new CramfsError('BAD_SOURCE', first);
  const own = (entry: TreeEntry): void => {
    Object.assign(entry, OWNER);
    if (entry.type === 'directory') for (const child of entry.children.values()) own(child);
  };
  own(root);
  return root;
}
