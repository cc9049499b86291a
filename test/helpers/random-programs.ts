/**
 * How many random programs a test runs: `quick` of them, or as many as the environment variable
 * RANDOM_PROGRAMS says, which is what `npm run test:slow` sets.
 */
export function randomPrograms(quick: number): number {
  const asked = process.env['RANDOM_PROGRAMS'];
  return asked === undefined ? quick : Number(asked);
}

/** A test that runs that many gets this much time, in milliseconds. */
export function randomProgramsTimeout(quick: number): number {
  return 60_000 * Math.max(1, randomPrograms(quick) / quick);
}
