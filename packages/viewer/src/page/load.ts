import { decompress } from 'fzstd';
import { ELEMENTS, type StartImage, type ViewerStart } from '../start.js';
import { STRINGS } from './strings/index.js';

/** The server of the page has no image for it. */
export class NotServedError extends Error {
  override readonly name = 'NotServedError';
  readonly code = 'NOT_SERVED';
}

/** The text of an inert element of the document. */
function elementText(id: string): string {
  return document.getElementById(id)?.textContent ?? '';
}

export function readStart(): ViewerStart {
  return JSON.parse(elementText(ELEMENTS.start)) as ViewerStart;
}

/** The code of the worker, in UTF-8. Its element is emptied. */
export function workerCode(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(decompress(new Uint8Array(embedded(ELEMENTS.worker))));
}

/** The bytes of an image that the page was made for; the element that held them is emptied. */
export async function startBytes({ from, gzip }: StartImage): Promise<ArrayBuffer> {
  const stored = 'address' in from ? await fetched(from.address) : embedded(from.element);
  if (!gzip) return stored;
  const stream = new Blob([stored]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}

async function fetched(address: string): Promise<ArrayBuffer> {
  const response = await fetch(address, { cache: 'no-store' });
  if (!response.ok) throw new NotServedError(STRINGS.shell.notServed);
  return response.arrayBuffer();
}

function embedded(id: string): ArrayBuffer {
  const element = document.getElementById(id);
  const binary = atob(element?.textContent ?? '');
  element?.remove();
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes.buffer;
}
