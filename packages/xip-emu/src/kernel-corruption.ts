/** One of the two operations whose combination breaks the kernel. */
export interface CorruptingOperation {
  /** What the caller named it (a scenario's line), or the mapping in words. */
  readonly operation: string;
  /** The addresses of the mapping that it made, or that it works on. */
  readonly start: number;
  readonly end: number;
}

export interface CorruptionDetails {
  /** A short name for how the kernel breaks, such as `vma replaced`. */
  readonly kind: string;
  /** `file:function()` of Linux 6.12 in which it happens. */
  readonly kernelFunction: string;
  /** What breaks, a sentence. */
  readonly effect: string;
  readonly first: CorruptingOperation;
  readonly second: CorruptingOperation;
}

/**
 * The kernel corrupts itself or dies here. There is nothing to imitate from now on: what the user
 * of an emulator needs to know is which two operations must not come together. The operation that
 * throws this was not carried out, and the address space takes no further ones.
 */
export class KernelCorruption extends Error implements CorruptionDetails {
  override readonly name = 'KernelCorruption';
  readonly code = 'KERNEL_CORRUPTION';
  readonly kind: string;
  readonly kernelFunction: string;
  readonly effect: string;
  readonly first: CorruptingOperation;
  readonly second: CorruptingOperation;

  constructor({ kind, kernelFunction, effect, first, second }: CorruptionDetails) {
    super(`${kernelFunction}: ${effect} (first: ${describe(first)}; second: ${describe(second)})`);
    this.kind = kind;
    this.kernelFunction = kernelFunction;
    this.effect = effect;
    this.first = first;
    this.second = second;
  }
}

function describe({ operation, start, end }: CorruptingOperation): string {
  return `${operation} at 0x${start.toString(16)}-0x${end.toString(16)}`;
}
