import { CramfsError } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import type { ShownCheck } from '../model/findings.js';

/** An image that is open in the page. */
export class ViewedImage {
  readonly title: string;
  readonly image: CramfsImage;
  /** True if the content of files has been left out (`--no-data`). */
  readonly withoutData: boolean;
  /** What a check has found elsewhere, of the image with all its bytes. */
  readonly check: ShownCheck | undefined;
  private readonly found = new Map<string, unknown>();

  constructor(title: string, image: CramfsImage, withoutData = false, check?: ShownCheck) {
    this.title = title;
    this.image = image;
    this.withoutData = withoutData;
    this.check = check;
  }

  /**
   * What `find` finds in the image, found once.
   *
   * @param key names what is found: the same key has to mean the same `find`.
   */
  remember<T>(key: string, find: (image: CramfsImage) => T): T {
    if (!this.found.has(key)) this.found.set(key, find(this.image));
    return this.found.get(key) as T;
  }
}

/** All that the worker holds. */
export class Workspace {
  readonly images: ViewedImage[] = [];

  /** @throws CramfsError BAD_REQUEST if there is no such image. */
  at(index: number): ViewedImage {
    const viewed = this.images[index];
    if (viewed === undefined) throw new CramfsError('BAD_REQUEST', `no image ${index + 1} is open`);
    return viewed;
  }
}
