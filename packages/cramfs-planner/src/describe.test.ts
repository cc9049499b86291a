import { expect, test } from 'vitest';
import { namedPoints } from './describe.js';

test('the points that matter: both ends, the knee, and some between', () => {
  const curve = Array.from({ length: 41 }, (_, step) => ({
    flash: 1000 + 100 * step,
    // Steep up to step 10, then flat.
    ram: step <= 10 ? 9000 - 500 * step : 4000 - 10 * (step - 10),
  }));
  expect(namedPoints(curve)).toEqual([
    { flash: 1000, ram: 9000, name: 'smallest image' },
    { flash: 2000, ram: 4000, name: 'knee' },
    { flash: 3000, ram: 3900, name: '50 % of the flash' },
    { flash: 4000, ram: 3800, name: '75 % of the flash' },
    { flash: 5000, ram: 3700, name: 'all that is touched' },
  ]);
});

test('a curve of one point has one name', () => {
  expect(namedPoints([{ flash: 4096, ram: 0 }])).toEqual([
    { flash: 4096, ram: 0, name: 'smallest image' },
  ]);
});
