/** What uname(2) and /proc/version say of the kernel. */
export const KERNEL_RELEASE = '6.12.0';
export const KERNEL_VERSION = '#1 SMP';
