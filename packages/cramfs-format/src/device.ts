/**
 * Device numbers as cramfs stores them in `size`. Compare Linux's include/linux/kdev_t.h:
 * old_decode_dev(): eight bits each; other bits of the 24-bit field are ignored.
 */
export interface DeviceNumber {
  readonly major: number;
  readonly minor: number;
}

/** What Linux makes of a stored device number. */
export function oldDecodeDev(value: number): DeviceNumber {
  return { major: (value >> 8) & 0xff, minor: value & 0xff };
}

/** True if both numbers survive {@link oldEncodeDev}. */
export function oldValidDev({ major, minor }: DeviceNumber): boolean {
  return major >= 0 && major < 256 && minor >= 0 && minor < 256;
}

/** The stored form of a device number; bits beyond eight are lost. */
export function oldEncodeDev({ major, minor }: DeviceNumber): number {
  return ((major & 0xff) << 8) | (minor & 0xff);
}
