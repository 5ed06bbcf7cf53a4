import type { IncomingMessage } from 'node:http';
import { linkedAbort } from '../abort/linked-abort.ts';
import { speaksTls } from './diagnose.ts';
import { faultOfDialError, PLAIN_ON_TLS } from './dial-faults.ts';
import { redact } from './endpoint.ts';
import { EtcdError, type EtcdErrorCode } from './errors.ts';
import { openPage } from './metrics-request.ts';
import { MetricsSyntaxError, MetricsText } from './metrics-text.ts';
import type { MetricsPage, TlsFiles } from './types.ts';

export interface MetricsPageRequest {
  /** For errors. */
  readonly member: string;
  /** The whole URL: `http://127.0.0.1:2379/metrics`. */
  readonly url: string;
  /** For an https URL; the files are read at every request, so renewed ones are used at once. */
  readonly tls?: TlsFiles;
  /** Names of the families to keep; a histogram's brings its `_bucket`, `_sum` and `_count`. */
  readonly families: Iterable<string>;
  readonly signal?: AbortSignal;
  /** A larger page is refused; default 16 MiB (etcd's own is about 100 KiB). */
  readonly maxBytes?: number;
  /** Default 5 s. */
  readonly timeoutMs?: number;
}

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 5000;
const TLS_TRIAL_TIMEOUT_MS = 1000;

/**
 * Reads a member's own metrics page, parsing it as it arrives. Throws `EtcdError`: `ETCD_METRICS_GARBLED` (with the line
 * and what was found) for a page that is cut off or none, `ETCD_METRICS_REFUSED` for a status other than 200, and what a
 * connection fails with.
 */
export async function fetchMetricsPage(request: MetricsPageRequest): Promise<MetricsPage> {
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw failed(request, 'ETCD_BAD_ENDPOINT', 'it is not the URL of a page');
  }
  const link = linkedAbort([request.signal], request.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const { signal } = link;
  try {
    const response = await openPage(url, request.tls, request.member, signal);
    const readAtMs = Date.now();
    const readAtMonotonicMs = performance.now();
    return { readAtMs, readAtMonotonicMs, samples: await parse(response, request) };
  } catch (error) {
    throw await explain(error, request, signal);
  } finally {
    link.release();
  }
}

async function parse(response: IncomingMessage, request: MetricsPageRequest): Promise<MetricsPage['samples']> {
  const maxBytes = request.maxBytes ?? DEFAULT_MAX_BYTES;
  const text = new MetricsText(request.families);
  const decoder = new TextDecoder();
  let bytes = 0;
  let beginning = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw failed(request, 'ETCD_METRICS_GARBLED', `the page is larger than ${maxBytes} bytes`);
    const piece = decoder.decode(chunk, { stream: true });
    if (response.statusCode === 200) text.push(piece);
    else beginning = (beginning + piece).slice(0, 200);
  }
  if (response.statusCode !== 200) throw refused(request, response.statusCode ?? 0, beginning);
  text.push(decoder.decode());
  return text.end();
}

/** Go's server says in words that it was greeted without TLS. */
function refused(request: MetricsPageRequest, status: number, body: string): EtcdError {
  return body.includes('HTTPS server')
    ? failed(request, PLAIN_ON_TLS.code, PLAIN_ON_TLS.reason)
    : failed(request, 'ETCD_METRICS_REFUSED', `it answers with status ${status}`);
}

async function explain(error: unknown, request: MetricsPageRequest, signal: AbortSignal): Promise<EtcdError> {
  if (error instanceof EtcdError) return error;
  if (error instanceof MetricsSyntaxError) return failed(request, 'ETCD_METRICS_GARBLED', error.message, error);
  if (signal.aborted) {
    const late = signal.reason instanceof Error && signal.reason.name === 'TimeoutError';
    return late
      ? failed(request, 'ETCD_DEADLINE', 'no complete answer in time', error)
      : failed(request, 'ETCD_ABORTED', 'the caller gave up', error);
  }
  if (!(error instanceof Error)) return failed(request, 'ETCD_UNREACHABLE', String(error), error);
  const code = 'code' in error ? String(error.code) : '';
  // Node's words for a body that ends before its announced length.
  if (error.message === 'aborted') return failed(request, 'ETCD_METRICS_GARBLED', 'the page is cut off', error);
  if (code.startsWith('HPE_')) return failed(request, 'ETCD_NOT_ETCD', 'it does not answer in HTTP', error);
  const { protocol, hostname, port } = new URL(request.url);
  const secure = protocol === 'https:';
  const hungUp = code === 'ECONNRESET' && !secure;
  // Etcd hangs up on plain requests without a word, so whether it speaks TLS has to be tried.
  if (hungUp && (await speaksTls(hostname.replace(/^\[|\]$/g, ''), Number(port || 80), TLS_TRIAL_TIMEOUT_MS, signal))) {
    return failed(request, PLAIN_ON_TLS.code, PLAIN_ON_TLS.reason, error);
  }
  const fault = faultOfDialError(error, { secure, hasClientCertificate: request.tls?.cert !== undefined });
  return failed(request, fault.code, fault.reason, error);
}

function failed(request: MetricsPageRequest, code: EtcdErrorCode, reason: string, cause?: unknown): EtcdError {
  return new EtcdError(code, `Metrics page of member ${request.member} (${redact(request.url)}): ${reason}`, {
    member: request.member,
    cause,
  });
}
