import { Column } from './column.js';

/** A page of a file that is stored at the same place as another page of the image's files. */
export interface SharedPage {
  /** Number of the file, in the order of {@link InPlacePages.addFile}, and page in it. */
  readonly file: number;
  readonly page: number;
}

/** A file with pages that are in place twice. */
export interface SharedPages {
  readonly first: SharedPage;
  /** Later in the image's order, or the same file. */
  readonly second: SharedPage;
  /** Image offset of the page. */
  readonly start: number;
  /** Pages of the second file that it has in common with files before it, or twice. */
  readonly count: number;
}

/**
 * Direct uncompressed blocks of all files of an image, by their place: used to find those that a kernel
 * without an MMU must not map at the same time (kernel fact K22).
 */
export class InPlacePages {
  private readonly starts = new Column();
  private readonly files = new Column();
  private readonly pages = new Column();
  private count = 0;

  /** @returns the number of the file that the next pages belong to. */
  addFile(): number {
    this.count += 1;
    return this.count - 1;
  }

  /** @param start image offset of the block, which is direct and not compressed. */
  add(page: number, start: number): void {
    this.starts.push(start);
    this.files.push(this.count - 1);
    this.pages.push(page);
  }

  /** Returns the shared pages, at most one element for each file. */
  shared(): SharedPages[] {
    const found = new Map<number, { -readonly [Key in keyof SharedPages]: SharedPages[Key] }>();
    const order = Uint32Array.from({ length: this.starts.length }, (_, index) => index);
    order.sort((a, b) => this.starts.at(a) - this.starts.at(b) || a - b);
    let first = 0;
    for (let at = 1; at < order.length; at += 1) {
      const [a, b] = [order[first]!, order[at]!];
      const start = this.starts.at(b);
      if (this.starts.at(a) !== start) {
        first = at;
        continue;
      }
      const known = found.get(this.files.at(b));
      if (known !== undefined) known.count += 1;
      else found.set(this.files.at(b), { first: this.at(a), second: this.at(b), start, count: 1 });
    }
    return [...found.values()].sort((a, b) => a.second.file - b.second.file);
  }

  private at(index: number): SharedPage {
    return { file: this.files.at(index), page: this.pages.at(index) };
  }
}
