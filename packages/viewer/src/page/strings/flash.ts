/** The flash map. */
export const flash = {
  label: 'Flash map',
} as const;
