/** dev_t. */
export interface DeviceNumber {
  readonly major: number;
  readonly minor: number;
}

/** A file system without a device (major 0) that is not mounted yet. */
export const UNNAMED_DEVICE: DeviceNumber = { major: 0, minor: 0 };

/** include/uapi/linux/major.h:MTD_BLOCK_MAJOR; the minor is the MTD's index. */
export const MTD_BLOCK_MAJOR = 31;
/** What virtio_blk gets first of the dynamic majors; each disk has 16 minors. */
export const VIRTBLK_MAJOR = 254;
export const VIRTBLK_MINORS = 16;

/** `major:minor` as /proc/PID/maps shows it: hexadecimal, two digits at least. */
export function deviceText({ major, minor }: DeviceNumber): string {
  return [major, minor].map((number) => number.toString(16).padStart(2, '0')).join(':');
}
