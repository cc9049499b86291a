import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { viewerDocument } from 'cramfs-viewer';
import type { PageImage } from './images.js';
import { startImage } from './start-image.js';
import { toolVersion } from '../../version.js';

/** A page that is being served. */
export interface PageServer {
  readonly address: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** Headers of all answers: no caching, no guessing of types, no framing or reading by others. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

interface Served {
  readonly type: string;
  readonly body: Uint8Array;
}

/**
 * Serves the page at a free port of this machine only, below a path that nobody can guess. Refuses requests
 * for another host, which a page elsewhere could send after rebinding a DNS name, and all paths but the
 * page's.
 */
export async function servePage(
  template: string,
  images: readonly PageImage[],
): Promise<PageServer> {
  const token = randomBytes(18).toString('base64url');
  const served = new Map<string, Served>();
  images.forEach(({ bytes }, index) => {
    served.set(`/${token}/image/${index}`, { type: 'application/octet-stream', body: bytes });
  });
  const start = images.map((image, index) =>
    startImage(image, {
      from: { address: `image/${index}` },
      gzip: false,
      withoutData: false,
    }),
  );
  const page = viewerDocument(template, { version: toolVersion(), images: start }).join('');
  served.set(`/${token}/`, { type: 'text/html; charset=utf-8', body: Buffer.from(page) });

  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    answer(request, response, served, port);
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://${HOST}:${port}/${token}/`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(
  { url = '', method, headers: { host } }: IncomingMessage,
  response: ServerResponse,
  served: ReadonlyMap<string, Served>,
  port: number,
): void {
  const refuse = (status: number, more: Readonly<Record<string, string>> = {}): void => {
    response.writeHead(status, { ...HEADERS, ...more, 'Content-Length': '0' }).end();
  };
  if (host !== `${HOST}:${port}` && host !== `localhost:${port}`) {
    refuse(421);
    return;
  }
  const found = served.get(url.replace(/\?.*/s, ''));
  if (found === undefined) {
    refuse(404);
    return;
  }
  if (method !== 'GET' && method !== 'HEAD') {
    refuse(405, { Allow: 'GET, HEAD' });
    return;
  }
  const { type, body } = found;
  response.writeHead(200, {
    ...HEADERS,
    'Content-Type': type,
    'Content-Length': String(body.length),
  });
  response.end(method === 'HEAD' ? undefined : body);
}
