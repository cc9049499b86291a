/** The kernel's name and version in uname(2) and /proc/version. */
export const KERNEL_RELEASE = '6.12.0';
export const KERNEL_VERSION = '#1 SMP';
