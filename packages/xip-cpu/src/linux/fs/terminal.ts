import { copySpliceRead, type FileOperations, type OpenFile } from 'xip-emu';
import { hostOperations, type Host } from './host-streams.js';

// include/uapi/asm-generic/termbits.h
const ICRNL = 0o400;
const IXON = 0o2000;
const OPOST = 1;
const ONLCR = 4;
const B38400 = 0o17;
const CS8 = 0o60;
const CREAD = 0o200;
const ISIG = 1;
const ICANON = 2;
const ECHO = 0o10;
const ECHOE = 0o20;
const ECHOK = 0o40;
const ECHOCTL = 0o1000;
const ECHOKE = 0o4000;
const IEXTEN = 0o100000;
/** INIT_C_CC: ^C ^\ DEL ^U ^D ... */
const CONTROL_CHARACTERS = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0];

/** struct ktermios */
export interface Termios {
  readonly iflag: number;
  readonly oflag: number;
  readonly cflag: number;
  readonly lflag: number;
  readonly line: number;
  readonly cc: Uint8Array;
}

/** tty_std_termios */
const STANDARD: Termios = {
  iflag: ICRNL | IXON,
  oflag: OPOST | ONLCR,
  cflag: B38400 | CS8 | CREAD,
  lflag: ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
  line: 0,
  cc: Uint8Array.from(CONTROL_CHARACTERS),
};

/** The terminal of a machine. The terminal of the host edits the lines. */
export class Terminal {
  readonly host: Host;
  /** The operations of its device nodes. */
  readonly operations: FileOperations;
  settings = STANDARD;
  /** TIOCSPGRP: the process group in the foreground; 0 if none was set. */
  foreground = 0;
  private size: { rows: number; columns: number } | undefined = undefined;

  constructor(host: Host) {
    this.host = host;
    this.operations = { ...hostOperations(host, 1), spliceRead: copySpliceRead };
  }

  /** Whether an open file is this terminal. */
  has({ fops }: OpenFile): boolean {
    return fops === this.operations;
  }

  /** tcsetattr(3). */
  configure(settings: Termios): void {
    const wasRaw = (this.settings.lflag & ICANON) === 0;
    const isRaw = (settings.lflag & ICANON) === 0;
    this.settings = settings;
    if (isRaw !== wasRaw) this.host.setRaw?.(isRaw);
  }

  get windowSize(): { readonly rows: number; readonly columns: number } {
    return this.size ?? this.host.windowSize();
  }

  resize(rows: number, columns: number): void {
    this.size = { rows, columns };
  }
}
