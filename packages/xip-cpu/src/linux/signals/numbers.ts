// include/uapi/asm-generic/signal.h; arch/arm and arch/riscv have the same.
export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGQUIT = 3;
export const SIGILL = 4;
export const SIGTRAP = 5;
export const SIGABRT = 6;
export const SIGBUS = 7;
export const SIGFPE = 8;
export const SIGKILL = 9;
export const SIGSEGV = 11;
export const SIGPIPE = 13;
export const SIGALRM = 14;
export const SIGTERM = 15;
export const SIGCHLD = 17;
export const SIGCONT = 18;
export const SIGSTOP = 19;
export const SIGTSTP = 20;
export const SIGTTIN = 21;
export const SIGTTOU = 22;
export const SIGURG = 23;
export const SIGXFSZ = 25;
export const SIGWINCH = 28;

/** _NSIG */
export const SIGNAL_LIMIT = 64;

const NAMES = [
  '',
  ...'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT'.split(' '),
  ...'CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(' '),
];

/** Returns a name such as `SIGINT`. */
export function signalName(signal: number): string {
  const name = NAMES[signal];
  return name === undefined || name === '' ? `signal ${signal}` : `SIG${name}`;
}

// si_code: include/uapi/asm-generic/siginfo.h.
export const SI_USER = 0;
export const SI_KERNEL = 0x80;
export const SI_TKILL = -6;
export const CLD_EXITED = 1;
export const CLD_KILLED = 2;
export const CLD_STOPPED = 5;
export const CLD_CONTINUED = 6;
/** si_code of faults and illegal instructions, by the names that stops have. */
export const FAULT_CODES: Readonly<Record<string, number>> = {
  MAPERR: 1,
  ACCERR: 2,
  ADRALN: 1,
  ADRERR: 2,
};
export const ILL_ILLOPC = 1;
export const TRAP_BRKPT = 1;

/** The effect of a signal that has no handler: man 7 signal. */
export type DefaultAction = 'terminate' | 'ignore' | 'stop' | 'continue';

export function defaultAction(signal: number): DefaultAction {
  switch (signal) {
    case SIGCHLD:
    case SIGURG:
    case SIGWINCH:
      return 'ignore';
    case SIGCONT:
      return 'continue';
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
      return 'stop';
    default:
      return 'terminate';
  }
}
