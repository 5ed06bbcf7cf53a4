import { type RequestOptions, request } from 'node:http';
import { faultOf } from '../../../cluster/agent-error.ts';
import type { Config } from '../../../config/config.ts';
import type { BundleFile } from './archive.ts';

const pageMs = 5000;

/** What is asked of the running agent, and the file that its answer becomes. */
const pages = [
  { path: '/metrics', file: 'agent/metrics.prom' },
  { path: '/api/v1/status', file: 'agent/status.json' },
  { path: '/api/v1/observation', file: 'agent/observation.json' },
] as const;

/**
 * What the agent of this configuration says, if it runs here: by its Unix socket, else by its port where that is plain
 * HTTP on loopback. Both need no token. Rejects never.
 */
export async function agentPages(config: Config, signal: AbortSignal): Promise<readonly BundleFile[]> {
  const ways = waysTo(config);
  const faults: string[] = [];
  for (const way of ways) {
    try {
      return await Promise.all(
        pages.map(async ({ path, file }) => ({ path: file, text: await get({ ...way.options, path }, signal) })),
      );
    } catch (error) {
      faults.push(`${way.name}: ${faultOf(error).message}\n`);
    }
  }
  return [{ path: 'agent/error.txt', text: `No agent answered.\n${faults.join('')}` }];
}

function waysTo({ expose }: Config): readonly { readonly name: string; readonly options: RequestOptions }[] {
  const { host, port, isLoopback } = expose.listen;
  const isPlain = isLoopback && expose.tls.cert === undefined;
  return [
    { name: `unix:${expose.socket}`, options: { socketPath: expose.socket } },
    ...(isPlain ? [{ name: `http://${host}:${port}`, options: { host, port } }] : []),
  ];
}

async function get(options: RequestOptions, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const patience = AbortSignal.any([signal, AbortSignal.timeout(pageMs)]);
  const call = request({ ...options, agent: false, signal: patience }, (response) => {
    const pieces: string[] = [];
    response.setEncoding('utf8');
    response.on('data', (piece: string) => pieces.push(piece));
    response.once('error', reject);
    response.once('end', () => {
      if (response.statusCode === 200) resolve(pieces.join(''));
      else reject(new Error(`${options.path ?? ''} was answered with ${response.statusCode}`));
    });
  });
  call.once('error', reject);
  call.end();
  return await promise;
}
