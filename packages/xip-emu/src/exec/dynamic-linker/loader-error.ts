/** A dynamic loader that cannot go on, in its own words where it has some. */
export class LoaderError extends Error {
  override readonly name = 'LoaderError';
}
