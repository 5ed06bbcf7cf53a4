import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { freePort } from '../../real/ports.ts';

/** An object as the API has it; what a test gives besides stays as it is. */
export interface StoredObject {
  metadata: { name: string; uid?: string; resourceVersion?: string; [key: string]: unknown };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

/**
 * A small stand-in for the Kubernetes API over HTTP: objects in folders, list and watch with versions that grow too old (410), merge patches and
 * deletions with preconditions (409), refusals (403), and being away.
 */
export interface StandInApi extends AsyncDisposable {
  readonly kubeconfig: string;
  /** Method and path of every call so far, with its body where it had one. */
  readonly calls: readonly string[];
  /** Puts an object into a folder such as `/api/v1/nodes`; it gets a uid where it has none, and a new version. */
  put(folder: string, object: StoredObject): StoredObject;
  get(folder: string, name: string): StoredObject | undefined;
  remove(folder: string, name: string): void;
  /** Ends all watches, and from now on takes watches only from now on: an older version is answered with 410. */
  forgetPast(): void;
  /** Refuses calls whose method and path begin so, with 403. */
  forbid(beginning: string): void;
  /** Closes the port and every connection; or opens it again. */
  away(isAway: boolean): Promise<void>;
  /** What is created is written, and the connection ends before the answer. */
  losesAnswers: boolean;
  /** All objects in a folder. */
  list(folder: string): readonly StoredObject[];
  /** Called right before a call is answered: what changes in between. */
  before: ((call: string) => void) | undefined;
}

export const SETS = '/apis/apps/v1/namespaces/ns/statefulsets';
export const PODS = '/api/v1/namespaces/ns/pods';
export const CLAIMS = '/api/v1/namespaces/ns/persistentvolumeclaims';
export const VOLUMES = '/api/v1/persistentvolumes';
export const NODES = '/api/v1/nodes';
export const EVENTS = '/api/v1/namespaces/ns/events';

export async function standInApi(): Promise<StandInApi> {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-kube-'));
  const port = await freePort();
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(
    kubeconfig,
    stringify({
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
      clusters: [{ name: 'k', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { token: 'only-for-tests' } }],
      contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
    }),
  );
  const objects = new Map<string, StoredObject>();
  const watches = new Set<{
    readonly folder: string;
    readonly name: string | undefined;
    readonly reply: ServerResponse;
  }>();
  const forbidden: string[] = [];
  const calls: string[] = [];
  let version = 100;
  let oldest = 0;

  const past: {
    readonly version: number;
    readonly type: string;
    readonly folder: string;
    readonly object: StoredObject;
  }[] = [];
  const tell = (type: string, folderOf: string, object: StoredObject): void => {
    past.push({ version, type, folder: folderOf, object });
    for (const watch of watches) {
      if (watch.folder !== folderOf || (watch.name !== undefined && watch.name !== object.metadata.name)) continue;
      watch.reply.write(`${JSON.stringify({ type, object })}\n`);
    }
  };
  const put = (folderOf: string, object: StoredObject): StoredObject => {
    version += 1;
    const key = `${folderOf}/${object.metadata.name}`;
    const former = objects.get(key);
    const uid = object.metadata.uid ?? former?.metadata.uid ?? randomUUID();
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(version) } };
    objects.set(key, stored);
    tell(former === undefined ? 'ADDED' : 'MODIFIED', folderOf, stored);
    return stored;
  };
  const remove = (folderOf: string, name: string): void => {
    const gone = objects.get(`${folderOf}/${name}`);
    if (gone === undefined) return;
    version += 1;
    objects.delete(`${folderOf}/${name}`);
    tell('DELETED', folderOf, { ...gone, metadata: { ...gone.metadata, resourceVersion: String(version) } });
  };
  const answer = async (asked: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(asked.url ?? '/', 'http://localhost');
    const body: unknown = asked.method === 'GET' ? undefined : await json(asked).catch(() => undefined);
    const call = `${asked.method} ${pathname}`;
    calls.push(body === undefined ? call : `${call} ${JSON.stringify(body)}`);
    api.before?.(call);
    const say = (status: number, value: unknown): void => {
      reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    const refuse = (code: number, message: string): void =>
      say(code, { kind: 'Status', status: 'Failure', code, message });
    if (asked.headers.authorization !== 'Bearer only-for-tests') return refuse(401, 'Unauthorized');
    if (forbidden.some((beginning) => call.startsWith(beginning))) return refuse(403, `${call} is forbidden`);
    const field = /^metadata\.name=(.+)$/.exec(searchParams.get('fieldSelector') ?? '')?.[1];
    if (searchParams.get('watch') === 'true') {
      reply.writeHead(200, { 'content-type': 'application/json' });
      if (Number(searchParams.get('resourceVersion')) < oldest) {
        reply.end(
          `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old resource version' } })}\n`,
        );
        return;
      }
      reply.flushHeaders();
      for (const { version: at, type, folder: where, object } of past) {
        const isMeant = where === pathname && (field === undefined || field === object.metadata.name);
        if (isMeant && at > Number(searchParams.get('resourceVersion')))
          reply.write(`${JSON.stringify({ type, object })}\n`);
      }
      const watch = { folder: pathname, name: field, reply };
      watches.add(watch);
      reply.on('close', () => watches.delete(watch));
      return;
    }
    if (asked.method === 'POST') {
      const { metadata } = body as StoredObject;
      if (objects.has(`${pathname}/${metadata.name}`)) return refuse(409, `${metadata.name} already exists`);
      const made = put(pathname, body as StoredObject);
      // Written, and nobody is told.
      if (api.losesAnswers) return void reply.destroy();
      return say(201, made);
    }
    const found = objects.get(pathname);
    if ([SETS, PODS, CLAIMS, VOLUMES, NODES].includes(pathname)) {
      const items = [...objects].flatMap(([key, object]) => (key.startsWith(`${pathname}/`) ? [object] : []));
      return say(200, {
        metadata: { resourceVersion: String(version) },
        items: items
          .filter((item) => field === undefined || item.metadata.name === field)
          .filter(labelled(searchParams.get('labelSelector'))),
      });
    }
    if (found === undefined) return refuse(404, 'not found');
    const folderOf = pathname.slice(0, pathname.lastIndexOf('/'));
    if (asked.method === 'PATCH') {
      const { metadata } = body as StoredObject;
      if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== found.metadata.resourceVersion) {
        return refuse(409, 'the object has been modified');
      }
      const patched = mergePatched(found, body) as StoredObject;
      // As a real one: what changes nothing is not written, and the object keeps its version.
      return say(200, isDeepStrictEqual(patched, found) ? found : put(folderOf, patched));
    }
    if (asked.method === 'DELETE') {
      const { preconditions = {}, gracePeriodSeconds } = (body ?? {}) as {
        preconditions?: { uid?: string; resourceVersion?: string };
        gracePeriodSeconds?: number;
      };
      const { uid = found.metadata.uid, resourceVersion = found.metadata.resourceVersion } = preconditions;
      if (uid !== found.metadata.uid || resourceVersion !== found.metadata.resourceVersion) {
        return refuse(409, 'the precondition does not hold');
      }
      // As of a pod whose node does not answer, and of a claim that a pod uses: it is only marked.
      const deletionGracePeriodSeconds = gracePeriodSeconds ?? 30;
      const deletion = { deletionTimestamp: new Date().toISOString(), deletionGracePeriodSeconds };
      return say(200, put(folderOf, { ...found, metadata: { ...found.metadata, ...deletion } }));
    }
    return say(200, found);
  };

  const listener = createServer((asked, reply) => {
    answer(asked, reply).catch((error: unknown) => reply.writeHead(500).end(String(error)));
  });
  const away = async (isAway: boolean): Promise<void> => {
    if (isAway === !listener.listening) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    if (isAway) {
      listener.close(() => resolve());
      listener.closeAllConnections();
    } else listener.listen(port, '127.0.0.1', resolve);
    await promise;
  };
  await away(false);
  const api: StandInApi = {
    ...{ kubeconfig, calls, put, remove, away },
    get: (folderOf, name) => objects.get(`${folderOf}/${name}`),
    forbid: (beginning) => forbidden.push(beginning),
    forgetPast: () => {
      version += 1;
      oldest = version;
      for (const { reply } of watches) reply.end();
      watches.clear();
    },
    before: undefined,
    losesAnswers: false,
    list: (folderOf) => [...objects].flatMap(([key, object]) => (key.startsWith(`${folderOf}/`) ? [object] : [])),
    [Symbol.asyncDispose]: async () => {
      await away(true);
      await rm(folder, { recursive: true });
    },
  };
  return api;
}

/** As far as these tests need it: `key in (value)`. */
function labelled(selector: string | null): (object: StoredObject) => boolean {
  const [, key = '', value] = /^(\S+) in \(([^)]*)\)$/.exec(selector ?? '') ?? [];
  return ({ metadata }) => {
    if (value === undefined) return true;
    const labels = (metadata['labels'] ?? {}) as Record<string, string>;
    return value.split(',').includes(labels[key] ?? '');
  };
}

/** RFC 7396: what is null goes. */
function mergePatched(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged: Record<string, unknown> = { ...(typeof target === 'object' ? target : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatched(merged[key], value);
  }
  return merged;
}
