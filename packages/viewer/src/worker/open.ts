import { CramfsError, isBlockSize } from 'cramfs-format';
import {
  chooseImage,
  findImages,
  openAnyImage,
  type CramfsImage,
  type DialectName,
  type ImageCandidate,
} from 'cramfs-reader';
import type { ShownCheck } from '../model/findings.js';
import { imageFacts, type ImageFacts } from '../model/facts.js';
import { unpack } from './unpack.js';
import { ViewedImage, type Workspace } from './workspace.js';

/** A file, or an image that the command line has found in one. */
export interface OpenParameters {
  /** Name of the file. */
  readonly title: string;
  readonly bytes: ArrayBuffer;
  /** True if the image is known to be at byte 0. */
  readonly exact: boolean;
  readonly blockSize?: number | undefined;
  readonly dialect?: DialectName | undefined;
  readonly withoutData?: boolean | undefined;
  readonly check?: ShownCheck | undefined;
}

/** The facts about the open images. */
export interface OpenedImages {
  readonly images: readonly ImageFacts[];
  /** The one to show: the best of those that were opened last. */
  readonly shown: number;
}

/**
 * Opens the images of a file, plain or compressed: the one at byte 0, or else all that a search finds.
 *
 * @throws CramfsError BAD_MAGIC if there is none; what unpacking and opening throw.
 */
export async function openFile(
  workspace: Workspace,
  { title, bytes, exact, blockSize, dialect, withoutData = false, check }: OpenParameters,
): Promise<OpenedImages> {
  const options = {
    dialect,
    blockSize: blockSize !== undefined && isBlockSize(blockSize) ? blockSize : undefined,
  };
  const content = exact ? new Uint8Array(bytes) : await unpack(new Uint8Array(bytes));
  const first = workspace.images.length;
  if (exact) {
    const image = await openAnyImage(content, options);
    workspace.images.push(new ViewedImage(title, image, withoutData, check));
    return openedImages(workspace, first);
  }
  const candidates = findImages(content);
  const best = chooseImage(candidates);
  if (best === undefined) {
    throw new CramfsError('BAD_MAGIC', 'there is no cramfs image in the file');
  }
  let shown = first;
  let problem: unknown;
  for (const candidate of candidates) {
    try {
      const image = await openCandidate(content, candidate);
      if (candidate === best) shown = workspace.images.length;
      workspace.images.push(new ViewedImage(titleOf(title, candidate, candidates.length), image));
    } catch (error) {
      problem = error;
    }
  }
  if (workspace.images.length === first) throw problem;
  return openedImages(workspace, shown);
}

async function openCandidate(
  content: Uint8Array,
  { offset, size }: ImageCandidate,
): Promise<CramfsImage> {
  return openAnyImage(content.subarray(offset, offset + size));
}

function titleOf(title: string, { offset }: ImageCandidate, count: number): string {
  return offset === 0 && count === 1 ? title : `${title} @ 0x${offset.toString(16)}`;
}

function openedImages({ images }: Workspace, shown: number): OpenedImages {
  return {
    images: images.map(({ image, title, withoutData }) => imageFacts(image, title, withoutData)),
    shown,
  };
}
