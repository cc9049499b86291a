/** 65536 -> `64 KiB`; three digits at most. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || Number.isInteger(value) ? 0 : value < 10 ? 2 : value < 100 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit]!}`;
}

/** 532480 -> `532,480`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** 4096 -> `0x1000`. */
export function formatHex(value: number, digits = 0): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

/** A part as a percentage: `12.5 %`. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return '0 %';
  const percent = (100 * part) / whole;
  return `${percent < 10 && !Number.isInteger(percent) ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

/** A number as people type it: decimal, 0x, or with K, M or G; undefined if it is not a number. */
export function parseNumber(text: string): number | undefined {
  const match = /^\s*(0x[0-9a-f]+|[0-9]+)\s*([kmg]?)(?:i?b)?\s*$/i.exec(text);
  if (match === null) return undefined;
  const unit = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }[match[2]!.toLowerCase()] ?? 1;
  const value = Number(match[1]) * unit;
  return Number.isSafeInteger(value) ? value : undefined;
}
