import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** What a receiver was told. */
export interface Heard {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** A receiver on loopback that remembers what it hears. */
export interface HearingServer extends AsyncDisposable {
  readonly url: string;
  readonly host: string;
  readonly heard: readonly Heard[];
}

/** Starts one; `answer` ends the response, or leaves it hanging. Default: 200 to all. */
export async function hearingServer(
  answer: (response: ServerResponse, attempt: number) => void = (response) => response.end(),
): Promise<HearingServer> {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    void json(request).then(
      (body) => {
        heard.push({ path: request.url ?? '', headers: request.headers, body });
        answer(response, heard.length);
      },
      () => undefined,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    heard,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
