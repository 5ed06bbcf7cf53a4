import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it arrived. */
export interface SeenRequest {
  /** `POST /api/v1/pause` */
  readonly line: string;
  readonly body?: unknown;
  readonly token?: string;
}

/** What is answered: status and JSON. */
export type Answer = readonly [status: number, json?: unknown];

/** Something on loopback that answers as an agent's API would, and remembers what it was asked. */
export interface ScriptedAgent extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
}

/** Starts one; `answer` gives undefined for what is not there, and `hang` to say nothing at all. */
export async function scriptedAgent(
  answer: (request: SeenRequest) => Answer | 'hang' | undefined,
): Promise<ScriptedAgent> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const asked: SeenRequest = {
      line: `${request.method} ${request.url}`,
      ...(text === '' ? {} : { body: JSON.parse(text) as unknown }),
      ...(request.headers.authorization === undefined ? {} : { token: request.headers.authorization }),
    };
    seen.push(asked);
    const notFound: Answer = [404, { code: 'NOT_FOUND', detail: `There is no ${asked.line}.` }];
    const answered = answer(asked) ?? notFound;
    if (answered === 'hang') return;
    const [status, json] = answered;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(json === undefined ? undefined : JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
