import type { Route } from '../http/route.ts';
import { schemas } from './schemas.ts';

const refusals: Readonly<Record<string, string>> = {
  401: 'A bearer token or a client certificate is required.',
  403: 'Not from here: only reads over loopback, under a local name, and over the Unix socket are open; and nothing is changed for a page of another site.',
  500: 'The agent failed to answer; its log says why.',
};

/**
 * The OpenAPI 3.1 document of the routes. It has no server: an agent does not know under which name it was reached, and
 * paths are relative to where the document was found.
 */
export function openApiDocument(routes: readonly Route[], agentVersion: string): object {
  const paths = [...Map.groupBy(routes, ({ path }) => path)].map(([path, atPath]) => [
    path,
    Object.fromEntries(atPath.map((route) => [route.method.toLowerCase(), operationOf(route)])),
  ]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'etcd-caretaker',
      version: agentVersion,
      summary: 'What one agent sees of its member, its machine and its cluster.',
      description:
        'Revisions, raft indexes and raft terms are 64-bit and come as decimal text. A number that is not finite comes as "+Inf", "-Inf" or "NaN". Durations are seconds and sizes are bytes, unless a name says otherwise. Errors are problem details (RFC 9457) with a stable code.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: Object.fromEntries(paths),
    components: {
      schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        certificate: { type: 'mutualTLS' },
      },
    },
  };
}

function operationOf({ access, types, operation }: Route): object {
  const notAcceptable = types.length === 0 ? {} : { 406: `It answers with ${types.join(' or ')}.` };
  const shared = access === 'open' ? { 500: refusals['500'] } : { ...refusals, ...notAcceptable };
  const responses = Object.entries(shared).map(([status, description]) => [
    status,
    { description, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
  ]);
  // An empty requirement: on loopback and over the Unix socket nothing is needed.
  const security = access === 'open' ? [] : [{ token: [] }, { certificate: [] }, ...(access === 'read' ? [{}] : [])];
  return { ...operation, security, responses: { ...Object.fromEntries(responses), ...operation.responses } };
}
