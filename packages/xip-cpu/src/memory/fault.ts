/** How a load, a store or a fetch fails. */
export interface Fault {
  readonly signal: 'SIGSEGV' | 'SIGBUS';
  readonly code: string;
  readonly address: number;
}

/** A fault that the processor itself detects. */
export class MemoryFault extends Error implements Fault {
  override readonly name = 'MemoryFault';
  readonly signal: Fault['signal'];
  readonly code: string;
  readonly address: number;

  constructor(signal: Fault['signal'], code: string, address: number) {
    super(`${signal} (${code}) at 0x${address.toString(16)}`);
    this.signal = signal;
    this.code = code;
    this.address = address;
  }
}

/** Whether an error is a fault: of an address space, or of the processor itself. */
export function isFault(error: unknown): error is Fault {
  return error instanceof Error && 'signal' in error && 'code' in error && 'address' in error;
}
