import { ELEMENTS, type StartImage, type ViewerStart } from './start.js';

/** An inert element with the bytes of an image, for a page that stands alone. */
export interface EmbeddedImage {
  readonly element: string;
  readonly base64: string;
}

export interface DocumentParts extends ViewerStart {
  /** Default: none; the images come from the page's server. */
  readonly embedded?: readonly EmbeddedImage[];
}

/** The placeholders that `npm run build` leaves in the page. */
export const PLACES = {
  connect: '%CONNECT%',
  data: '<!--DATA-->',
} as const;

/**
 * The page as a document, in pieces, because images are large.
 *
 * @param template the built page, of `cramfs-viewer/page`.
 */
export function viewerDocument(
  template: string,
  { version, images, embedded = [] }: DocumentParts,
): string[] {
  const connect = images.some(isFetched) ? "'self'" : "'none'";
  const [head, tail] = template.replace(PLACES.connect, connect).split(PLACES.data) as [
    string,
    string,
  ];
  const start: ViewerStart = { version, images };
  return [
    head,
    inert(ELEMENTS.start, 'application/json', JSON.stringify(start).replaceAll('<', '\\u003c')),
    ...embedded.flatMap(({ element, base64 }) => [
      `<script type="text/plain" id="${element}">`,
      base64,
      '</script>\n',
    ]),
    tail,
  ];
}

function isFetched({ from }: StartImage): boolean {
  return 'address' in from;
}

function inert(id: string, type: string, text: string): string {
  return `<script type="${type}" id="${id}">${text}</script>\n`;
}
