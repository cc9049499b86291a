import { CramfsError } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import type { ShownCheck } from '../model/findings.js';

/** An image that is open in the page. */
export class ViewedImage {
  readonly title: string;
  readonly image: CramfsImage;
  /** True if the content of files has been left out (`--no-data`). */
  readonly withoutData: boolean;
  /** The result of a check that was made elsewhere, on the image with all its bytes. */
  readonly check: ShownCheck | undefined;
  private readonly found = new Map<string, unknown>();

  constructor(title: string, image: CramfsImage, withoutData = false, check?: ShownCheck) {
    this.title = title;
    this.image = image;
    this.withoutData = withoutData;
    this.check = check;
  }

  /**
   * Returns the result of `find`, which is called once for each key.
   *
   * @param key identifies `find`: the same key must mean the same function.
   */
  remember<T>(key: string, find: (image: CramfsImage) => T): T {
    if (!this.found.has(key)) this.found.set(key, find(this.image));
    return this.found.get(key) as T;
  }

  /** Returns the result that {@link remember} has for a key; undefined if there is none yet. */
  remembered(key: string): unknown {
    return this.found.get(key);
  }
}

/** The images of the worker. */
export class Workspace {
  readonly images: ViewedImage[] = [];

  /** @throws CramfsError BAD_REQUEST if there is no such image. */
  at(index: number): ViewedImage {
    const viewed = this.images[index];
    if (viewed === undefined) throw new CramfsError('BAD_REQUEST', `no image ${index + 1} is open`);
    return viewed;
  }
}
