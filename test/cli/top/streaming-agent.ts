import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Parts } from '../../../src/cli/top/parts.ts';

/** Something on loopback that streams as an agent's API does. */
export interface StreamingAgent extends AsyncDisposable {
  readonly url: string;
  /** Streams that stand now. */
  readonly open: number;
  /** Sends one event to all that read. */
  send(name: string, json: unknown): void;
  /** Sends bytes as they are. */
  sendText(text: string): void;
  /** It dies: streams break off, and nothing listens any more. */
  die(): Promise<void>;
}

function eventOf(name: string, json: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(json)}\n\n`;
}

/** Starts one that begins each stream with these parts. */
export async function streamingAgent(parts: Parts): Promise<StreamingAgent> {
  const readers = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    if (request.url !== '/api/v1/stream' || request.headers.accept !== 'text/event-stream') {
      response.writeHead(404, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ code: 'NOT_FOUND', detail: `There is no ${request.url}.` }));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(
      `retry: 2000\n\n:\n\n${Object.entries(parts)
        .map(([name, json]) => eventOf(name, json))
        .join('')}`,
    );
    readers.add(response);
    response.once('close', () => readers.delete(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sendText = (text: string): void => {
    for (const reader of readers) reader.write(text);
  };
  const die = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get open() {
      return readers.size;
    },
    send: (name, json) => sendText(eventOf(name, json)),
    sendText,
    die,
    [Symbol.asyncDispose]: die,
  };
}
