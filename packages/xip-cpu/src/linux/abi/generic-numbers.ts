import {
  LATE_NUMBERS,
  SECRET_MEMORY_NUMBERS,
  TIME64_NUMBERS,
  callTable,
  type NumberRuns,
} from './call-table.js';

/** include/uapi/asm-generic/unistd.h on arch/riscv with CONFIG_64BIT, up to those of Linux 5.1. */
const GENERIC_NUMBERS: NumberRuns = [
  [
    0,
    `
      io_setup io_destroy io_submit io_cancel io_getevents setxattr lsetxattr fsetxattr
      getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr lremovexattr
      fremovexattr getcwd lookup_dcookie eventfd2 epoll_create1 epoll_ctl epoll_pwait dup
      dup3 fcntl inotify_init1 inotify_add_watch inotify_rm_watch ioctl ioprio_set
      ioprio_get flock mknodat mkdirat unlinkat symlinkat linkat renameat umount2 mount
      pivot_root nfsservctl statfs fstatfs truncate ftruncate fallocate faccessat chdir
      fchdir chroot fchmod fchmodat fchownat fchown openat close vhangup pipe2 quotactl
      getdents64 lseek read write readv writev pread64 pwrite64 preadv pwritev sendfile
      pselect6 ppoll signalfd4 vmsplice splice tee readlinkat newfstatat fstat sync fsync
      fdatasync sync_file_range timerfd_create timerfd_settime timerfd_gettime utimensat
      acct capget capset personality exit exit_group waitid set_tid_address unshare futex
      set_robust_list get_robust_list nanosleep getitimer setitimer kexec_load init_module
      delete_module timer_create timer_gettime timer_getoverrun timer_settime timer_delete
      clock_settime clock_gettime clock_getres clock_nanosleep syslog ptrace sched_setparam
      sched_setscheduler sched_getscheduler sched_getparam sched_setaffinity
      sched_getaffinity sched_yield sched_get_priority_max sched_get_priority_min
      sched_rr_get_interval restart_syscall kill tkill tgkill sigaltstack rt_sigsuspend
      rt_sigaction rt_sigprocmask rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_sigreturn
      setpriority getpriority reboot setregid setgid setreuid setuid setresuid getresuid
      setresgid getresgid setfsuid setfsgid times setpgid getpgid getsid setsid getgroups
      setgroups uname sethostname setdomainname getrlimit setrlimit getrusage umask prctl
      getcpu gettimeofday settimeofday adjtimex getpid getppid getuid geteuid getgid getegid
      gettid sysinfo mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr
      msgget msgctl msgrcv msgsnd semget semctl semtimedop semop shmget shmctl shmat shmdt
      socket socketpair bind listen accept connect getsockname getpeername sendto recvfrom
      setsockopt getsockopt shutdown sendmsg recvmsg readahead brk munmap mremap add_key
      request_key keyctl clone execve mmap fadvise64 swapon swapoff mprotect msync mlock
      munlock mlockall munlockall mincore madvise remap_file_pages mbind get_mempolicy
      set_mempolicy migrate_pages move_pages rt_tgsigqueueinfo perf_event_open accept4
      recvmmsg
    `,
  ],
  [
    258,
    `
      riscv_hwprobe riscv_flush_icache wait4 prlimit64 fanotify_init fanotify_mark
      name_to_handle_at open_by_handle_at clock_adjtime syncfs setns sendmmsg
      process_vm_readv process_vm_writev kcmp finit_module sched_setattr sched_getattr
      renameat2 seccomp getrandom memfd_create bpf execveat userfaultfd membarrier mlock2
      copy_file_range preadv2 pwritev2 pkey_mprotect pkey_alloc pkey_free statx
      io_pgetevents rseq kexec_file_load
    `,
  ],
];

/**
 * The calls with times, sizes or limits of 32 bits: architectures with 32 bits that are younger than
 * Linux 5.1 do not have them.
 */
const NOT_ON_32_BITS = `
  io_getevents pselect6 ppoll newfstatat fstat timerfd_settime timerfd_gettime
  utimensat futex nanosleep timer_gettime timer_settime clock_settime clock_gettime
  clock_getres clock_nanosleep sched_rr_get_interval rt_sigtimedwait getrlimit
  setrlimit gettimeofday settimeofday adjtimex mq_timedsend mq_timedreceive semtimedop
  recvmmsg wait4 clock_adjtime
`;

/** The calls that take values of 64 bits in two registers there: __SC_3264(). */
const NAMES_ON_32_BITS: Readonly<Record<string, string>> = {
  fcntl: 'fcntl64',
  statfs: 'statfs64',
  fstatfs: 'fstatfs64',
  truncate: 'truncate64',
  ftruncate: 'ftruncate64',
  lseek: 'llseek',
  sendfile: 'sendfile64',
  mmap: 'mmap2',
  fadvise64: 'fadvise64_64',
};

/** The system calls of riscv64 by number. */
export const RISCV64_CALLS = callTable(GENERIC_NUMBERS, LATE_NUMBERS, SECRET_MEMORY_NUMBERS);

/** The system calls of riscv32 by number. */
export const RISCV32_CALLS = on32Bits(RISCV64_CALLS);

function on32Bits(calls: ReadonlyMap<number, string>): ReadonlyMap<number, string> {
  const missing = new Set(NOT_ON_32_BITS.trim().split(/\s+/));
  const kept = [...calls].filter(([, name]) => !missing.has(name));
  const named = kept.map(([number, name]) => [number, NAMES_ON_32_BITS[name] ?? name] as const);
  return new Map([...named, ...callTable(TIME64_NUMBERS)]);
}
