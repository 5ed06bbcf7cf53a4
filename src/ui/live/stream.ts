import { problemOf } from '../api/call.ts';
import { EventParser, type ServerEvent } from './event-parser.ts';

/** How it stands with the agent that this page is from. */
export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** Nothing is asked while nobody looks. */
  | { readonly state: 'hidden' }
  /** Nothing was heard since then, by this machine's clock. */
  | { readonly state: 'lost'; readonly sinceMs: number; readonly why: string }
  /** The agent wants to know who asks. */
  | { readonly state: 'refused'; readonly why: string };

/** Where what the stream brings goes to. */
export interface StreamListener {
  events(events: readonly ServerEvent[]): void;
  connection(connection: Connection): void;
  /** By how much the agent's clock is ahead of this one, ms. */
  clockOffset(ms: number): void;
}

const PATH = '/api/v1/stream';

/** A stream that says nothing for so long is dead, as of an agent that hangs: there is a comment every 10 s where there is nothing else. */
const SILENT_MS = 15_000;

/** The first wait before it is tried again, and the longest one. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/** Reads the stream, and opens it anew when it ends, until it is aborted or refused. Never throws. */
export async function readStream(headers: HeadersInit, to: StreamListener, signal: AbortSignal): Promise<void> {
  let failures = 0;
  let heardAtMs = Date.now();
  while (!signal.aborted) {
    try {
      await readOnce(headers, signal, to, () => {
        failures = 0;
        heardAtMs = Date.now();
        to.connection({ state: 'live' });
      });
      return;
    } catch (error) {
      if (signal.aborted) return;
      to.connection({ state: 'lost', sinceMs: heardAtMs, why: error instanceof Error ? error.message : String(error) });
    }
    await waited(waitMs(failures, Math.random()), signal);
    failures += 1;
  }
}

/** Twice as long after each failure, and never for all pages at the same time. Pure. */
export function waitMs(failures: number, random: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 10)) * (0.5 + random / 2);
}

/** Returns when it is refused; throws when it ends in any other way. */
async function readOnce(
  headers: HeadersInit,
  signal: AbortSignal,
  to: StreamListener,
  onData: () => void,
): Promise<void> {
  const silence = new AbortController();
  const until = AbortSignal.any([signal, silence.signal]);
  let timer = 0;
  const heard = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => silence.abort(new Error('it says nothing more')), SILENT_MS);
  };
  heard();
  try {
    const response = await fetch(PATH, {
      headers: { ...headers, accept: 'text/event-stream' },
      cache: 'no-store',
      signal: until,
    });
    if (response.status === 401 || response.status === 403) {
      to.connection({ state: 'refused', why: (await problemOf(response)).message });
      return;
    }
    if (!response.ok) throw await problemOf(response);
    if (response.body === null) throw new Error('it answers with nothing');
    tellOffset(response, to);
    const parser = new EventParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    while (true) {
      const { done, value } = await reader.read();
      if (done) throw new Error('it has ended the stream');
      heard();
      const events = parser.push(value);
      if (events.length > 0) to.events(events);
      onData();
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

/** The header `date` has whole seconds, so a difference of less than two says nothing. */
function tellOffset(response: Response, to: StreamListener): void {
  const date = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(date)) return;
  const offset = date + 500 - Date.now();
  to.clockOffset(Math.abs(offset) < 2000 ? 0 : offset);
}

function waited(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
