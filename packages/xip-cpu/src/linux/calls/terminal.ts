import { SyscallError, fifoStateOf } from 'xip-emu';
import { call, type CallTable, type Caller } from './call.js';
import { fileOf } from './paths.js';

// include/uapi/asm-generic/ioctls.h
const TCGETS = 0x5401;
const TCSETS = 0x5402;
const TCSETSW = 0x5403;
const TCSETSF = 0x5404;
const TCFLSH = 0x540b;
const TIOCSCTTY = 0x540e;
const TIOCGPGRP = 0x540f;
const TIOCSPGRP = 0x5410;
const TIOCGWINSZ = 0x5413;
const TIOCSWINSZ = 0x5414;
const FIONREAD = 0x541b;
const FIONBIO = 0x5421;
const TIOCNOTTY = 0x5422;
const TIOCGSID = 0x5429;
const FIONCLEX = 0x5450;
const FIOCLEX = 0x5451;

/** Compare drivers/tty/tty_io.c:tty_ioctl(). */
function terminalIoctl({ kernel, task }: Caller, command: number, argument: number): number {
  const { terminal, abi } = kernel;
  const { termios, winsize } = abi.structs;
  const { space, group } = task;
  switch (command) {
    case TCGETS:
      space.writeStruct(argument, termios, { ...terminal.settings });
      return 0;
    case TCSETS:
    case TCSETSW:
    case TCSETSF: {
      const bytes = space.readStruct(argument, termios);
      terminal.configure({
        iflag: termios.get(bytes, 'iflag'),
        oflag: termios.get(bytes, 'oflag'),
        cflag: termios.get(bytes, 'cflag'),
        lflag: termios.get(bytes, 'lflag'),
        line: termios.get(bytes, 'line'),
        cc: termios.part(bytes, 'cc').slice(),
      });
      return 0;
    }
    case TIOCGWINSZ: {
      const { rows: row, columns: col } = terminal.windowSize;
      space.writeStruct(argument, winsize, { row, col });
      return 0;
    }
    case TIOCSWINSZ: {
      const bytes = space.readStruct(argument, winsize);
      terminal.resize(winsize.get(bytes, 'row'), winsize.get(bytes, 'col'));
      return 0;
    }
    case TIOCGPGRP:
      space.writeInt32(
        argument,
        terminal.foreground === 0 ? group.processGroup : terminal.foreground,
      );
      return 0;
    case TIOCSPGRP:
      terminal.foreground = space.readInt32(argument);
      return 0;
    case TIOCGSID:
      space.writeInt32(argument, group.session);
      return 0;
    case TIOCSCTTY:
    case TIOCNOTTY:
    case TCFLSH:
      return 0;
    default:
      throw new SyscallError('ENOTTY', `ioctl 0x${command.toString(16)}`);
  }
}

export const terminalCalls: CallTable = {
  ioctl: call('int uint ptr', (caller, fd, command, argument) => {
    const { task, kernel } = caller;
    const file = fileOf(caller, fd);
    switch (command) {
      case FIOCLEX:
      case FIONCLEX:
        task.group.fds.setCloseOnExec(fd, command === FIOCLEX);
        return 0;
      case FIONBIO:
        file.nonBlock = task.space.readInt32(argument) !== 0;
        return 0;
      case FIONREAD: {
        const pipe = fifoStateOf(file);
        if (pipe === undefined && !file.userInode.isRegular) break;
        task.space.writeInt32(argument, pipe?.bytes.length ?? file.userInode.size - file.position);
        return 0;
      }
    }
    if (kernel.terminal.has(file)) return terminalIoctl(caller, command, argument);
    throw new SyscallError('ENOTTY');
  }),
};
