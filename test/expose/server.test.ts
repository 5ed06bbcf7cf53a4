import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { emptyObservation, fullObservation, observationWith } from './support/full-observation.ts';
import { parsePage } from './support/metrics-text.ts';
import { ask, send, serve } from './support/server.ts';

describe('the HTTP server', () => {
  it('serves metrics as text, and as OpenMetrics to a Prometheus that prefers it', async () => {
    const server = await serve();
    const text = await ask(server, '/metrics');
    expect(text).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
    });
    expect(parsePage(text.body).hasEof).toBe(false);
    const accept =
      'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
    const openmetrics = await ask(server, '/metrics', { headers: { accept } });
    expect(openmetrics.headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(parsePage(openmetrics.body).hasEof).toBe(true);
    const unknown = await ask(server, '/metrics', { headers: { accept: 'application/vnd.unknown' } });
    expect(unknown).toMatchObject({ status: 200, headers: { 'content-type': text.headers['content-type'] } });
  });

  it('gzips the metrics for who takes gzip', async () => {
    const server = await serve();
    const socket = connect(server.address.port, '127.0.0.1');
    socket.write('GET /metrics HTTP/1.1\r\nhost: localhost\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n');
    const answer = await buffer(socket);
    const bodyAt = answer.indexOf('\r\n\r\n') + 4;
    expect(answer.subarray(0, bodyAt).toString()).toMatch(/content-encoding: gzip/i);
    expect(parsePage(gunzipSync(answer.subarray(bodyAt)).toString()).samples.length).toBeGreaterThan(200);
    const plain = await ask(server, '/metrics', { headers: { 'accept-encoding': 'gzip;q=0, br' } });
    expect(plain.headers['content-encoding']).toBeUndefined();
  });

  it('listens on IPv6 loopback', async () => {
    const server = await serve({ listen: { host: '::1', port: 0 } });
    const { port } = server.address;
    expect(await ask(server, '/api/v1/status', { headers: { host: `[::1]:${port}` } })).toMatchObject({ status: 200 });
  });

  it('is ready while it observes its member, in whatever state that is', async () => {
    const server = await serve();
    expect(await ask(server, '/readyz')).toMatchObject({
      status: 200,
      body: 'READY: m1 is observed: follower, NOSPACE.\n',
    });
  });

  it('is not ready beside another member than the configured one', async () => {
    const { member } = fullObservation.sections;
    if (member?.value === undefined) throw new Error('no member');
    const finding = {
      code: 'MEMBER_NAME_MISMATCH',
      severity: 'critical',
      message: 'Called q1.',
      remedy: 'Set it.',
    } as const;
    const mismatch = { ...member, value: { ...member.value, findings: [finding] } };
    const observation = {
      ...fullObservation,
      observedAtMonotonicMs: performance.now(),
      sections: { ...fullObservation.sections, member: mismatch },
    };
    const server = await serve({ observation: () => observation });
    expect(await ask(server, '/readyz')).toMatchObject({
      status: 503,
      body: 'MEMBER_NAME_MISMATCH: Called q1. Set it.\n',
    });
  });

  it('is alive but not ready before the first round, when the member is not observed, and when it hangs', async () => {
    let observation = emptyObservation;
    const server = await serve({ observation: () => observation, staleAfterMs: 60_000 });
    expect(await ask(server, '/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
    expect(await ask(server, '/readyz')).toMatchObject({ status: 503, body: expect.stringMatching(/^NO_ROUND_YET: /) });
    observation = { ...observationWith({ member: undefined }), observedAtMonotonicMs: performance.now() };
    expect(await ask(server, '/readyz')).toMatchObject({ status: 503, body: expect.stringMatching(/^EIO: .*Look at/) });
    observation = { ...fullObservation, observedAtMonotonicMs: performance.now() - 90_000 };
    expect(await ask(server, '/readyz')).toMatchObject({
      status: 503,
      body: expect.stringMatching(/^OBSERVATION_STALE: The newest observation is 9\d s old/),
    });
  });

  it.each([
    ['forward', 3_600_000],
    ['back', -3_600_000],
  ])('judges the age of an observation rightly when the clock of the machine jumps an hour %s', async (_, jumpMs) => {
    const nowMs = performance.now();
    const atMs = (ageMs: number) => ({
      ...fullObservation,
      observedAtMs: Date.now() - ageMs - jumpMs,
      observedAtMonotonicMs: nowMs - ageMs,
    });
    let observation = atMs(0);
    const server = await serve({ observation: () => observation, staleAfterMs: 60_000 });
    expect(await ask(server, '/readyz')).toMatchObject({ status: 200 });
    observation = atMs(90_000);
    expect(await ask(server, '/readyz')).toMatchObject({ status: 503 });
  });

  it('serves observation and keyspace with 64-bit numbers as text and infinity as +Inf', async () => {
    const server = await serve();
    const observation = JSON.parse((await ask(server, '/api/v1/observation')).body);
    expect(observation.sections.cluster.value.raftTerm).toBe('7');
    expect(observation.sections.quota.value.fullInSeconds).toBe('+Inf');
    expect(JSON.parse((await ask(server, '/api/v1/keyspace')).body)).toMatchObject({
      revision: '4711',
      totalKeys: 1500,
    });
  });

  it('says why there is no keyspace', async () => {
    const server = await serve({ observation: () => observationWith({ keyspace: undefined }) });
    const { status, body } = await ask(server, '/api/v1/keyspace');
    expect({ status, problem: JSON.parse(body) }).toMatchObject({ status: 503, problem: { code: 'EIO' } });
    const off = await serve({ observation: () => emptyObservation });
    expect(JSON.parse((await ask(off, '/api/v1/keyspace')).body)).toMatchObject({ code: 'KEYSPACE_NOT_OBSERVED' });
  });

  it('answers HEAD without a body', async () => {
    const server = await serve();
    const { status, body, headers } = await ask(server, '/api/v1/status', { method: 'HEAD' });
    expect({ status, body }).toEqual({ status: 200, body: '' });
    expect(Number(headers['content-length'])).toBeGreaterThan(500);
  });
});

describe('what the HTTP server refuses', () => {
  const problemType = 'application/problem+json';

  it.each([
    ['GET', '/nowhere', 404, 'NO_SUCH_PATH'],
    ['GET', '/api/v1/decision', 404, 'NO_SUCH_PATH'],
    ['GET', '//metrics', 404, 'NO_SUCH_PATH'],
    ['GET', '/metrics/../healthz', 404, 'NO_SUCH_PATH'],
    ['POST', '/metrics', 405, 'METHOD_NOT_ALLOWED'],
    ['OPTIONS', '/api/v1/status', 405, 'METHOD_NOT_ALLOWED'],
  ])('%s %s is %i as a problem with a stable code', async (method, path, status, code) => {
    const server = await serve();
    const answer = await ask(server, path, { method });
    expect(answer).toMatchObject({
      status,
      headers: { 'content-type': problemType, 'x-content-type-options': 'nosniff' },
    });
    expect(JSON.parse(answer.body)).toMatchObject({ type: 'about:blank', status, code });
    expect(answer.headers.allow).toBe(status === 405 ? 'GET, HEAD' : undefined);
  });

  it('a media type that it does not have is 406', async () => {
    const server = await serve();
    const answer = await ask(server, '/api/v1/status', { headers: { accept: 'application/xml' } });
    expect(answer).toMatchObject({ status: 406, headers: { 'content-type': problemType } });
  });

  it('a body is 413, and the connection is not used again', async () => {
    const server = await serve();
    const answer = await ask(server, '/api/v1/status', {
      headers: { 'content-length': '100000' },
      body: 'x'.repeat(100_000),
    });
    expect(answer).toMatchObject({ status: 413, headers: { connection: 'close' } });
  });

  it('a failure of its own is 500 with an id and nothing of the inside', async () => {
    const failures: { id: string; error: unknown }[] = [];
    let broken = false;
    const server = await serve({
      observation: () => {
        if (broken) {
          throw new Error('secret inside');
        }
        return fullObservation;
      },
      onFailure: (failure) => failures.push(failure),
    });
    broken = true;
    const answer = await ask(server, '/api/v1/status');
    expect(answer).toMatchObject({ status: 500, headers: { 'content-type': problemType } });
    expect(answer.body).not.toContain('secret inside');
    expect(answer.body).toContain(failures[0]?.id);
    expect(failures[0]?.error).toEqual(new Error('secret inside'));
  });

  it.each([
    ['garbage', 'garbage\r\n\r\n', 400],
    ['no Host header', 'GET /metrics HTTP/1.1\r\n\r\n', 400],
    ['TLS on the plain port', '\u0016\u0003\u0001\u0000\u0005hello', 400],
    ['two lengths', 'GET /metrics HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n', 400],
    ['headers without end', `GET /metrics HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
  ])('%s is refused and does not harm it', async (_name, bytes, status) => {
    const server = await serve();
    expect(await send(server, bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(await ask(server, '/healthz')).toMatchObject({ status: 200 });
  });
});

describe('the end of the HTTP server', () => {
  it('closes at once when nobody asks anything, though connections are open', async () => {
    const server = await serve({ closeGraceMs: 60_000 });
    const socket = connect(server.address.port, '127.0.0.1');
    socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    await server.close();
    await expect(ask(server, '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    socket.destroy();
  });

  it('does not wait for a request that never ends, beyond its grace or the signal', async () => {
    for (const [closeGraceMs, signal] of [
      [50, undefined],
      [60_000, AbortSignal.timeout(50)],
    ] as const) {
      const server = await serve({ closeGraceMs });
      const socket = connect(server.address.port, '127.0.0.1');
      socket.on('error', () => undefined);
      await new Promise((resolve) => socket.write('GET /metrics HTTP/1.1\r\nhost: loc', resolve));
      await server.close(signal);
      socket.destroy();
    }
  });
});
