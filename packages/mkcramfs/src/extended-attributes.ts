import type { Problem } from './tree.js';

/** Labels that a security module puts on everything, and that it puts on again by its policy. */
const LABELS = /^security\.(selinux|SMACK64.*|apparmor|ima|evm)$/;
const CAPABILITY = 'security.capability';

/** Counts what cramfs has no place for: extended attributes, access control lists, capabilities. */
export class ExtendedAttributes {
  private count = 0;
  private capabilities = 0;
  private first = '';

  /** @param names attributes of the file at `path`, such as `user.comment`. */
  add(path: string, names: readonly string[]): void {
    const lost = names.filter((name) => !LABELS.test(name));
    if (lost.length === 0) return;
    this.count += 1;
    if (lost.includes(CAPABILITY)) this.capabilities += 1;
    if (this.count === 1) this.first = path;
  }

  /** One warning for all of them. */
  problems(): Problem[] {
    if (this.count === 0) return [];
    const files = this.count === 1 ? 'a file has' : `${this.count} files have`;
    const capabilities =
      this.capabilities === 0 ? '' : `, file capabilities of ${this.capabilities} among them`;
    const message = `${files} extended attributes, which cramfs cannot hold${capabilities}: left out`;
    return [{ severity: 'warning', kind: 'xattr', path: this.first, message }];
  }
}
