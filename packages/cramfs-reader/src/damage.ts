export { type OutOfBand } from './damage/out-of-band.js';
export { salvageImage, type SalvageOptions, type Salvaged } from './damage/salvage.js';
