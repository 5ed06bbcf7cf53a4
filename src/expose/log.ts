import { destination, pino } from 'pino';
import type { Fault } from '../cluster/observation.ts';
import { FaultFolder, type FaultPlace, type FoldedLine } from './log/fault-folder.ts';
import { redactFields, redactLine } from './log/redact.ts';

/** Levels of the log, the least important first. */
type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** What belongs to an event: plain data, errors included. Values under names of secrets are not written. */
type LogFields = Readonly<Record<string, unknown>>;

/** A log of one line of JSON per event. */
export interface Log {
  readonly debug: (event: string, fields?: LogFields) => void;
  readonly info: (event: string, fields?: LogFields) => void;
  readonly warn: (event: string, fields?: LogFields) => void;
  readonly error: (event: string, fields?: LogFields) => void;
  /** A failure of a collector; repeated ones are folded. */
  readonly fault: (place: FaultPlace, fault: Fault) => void;
  /** The collector works again. */
  readonly resolved: (place: FaultPlace) => void;
  /** A value that no line may hold from now on, as a password that was read from its file. */
  readonly addSecret: (value: string) => void;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Fields of every line, for example the member and the cluster. */
  readonly base?: LogFields;
  /** Takes each line with its line end; default: stderr, written before the call returns, so that the last lines of a crash are there. */
  readonly write?: (line: string) => void;
  /** How often a lasting failure is said again; default 5 min. */
  readonly foldPeriodMs?: number;
  /** Monotonic clock. */
  readonly nowMs?: () => number;
}

/** Makes a log. Nothing is buffered, so there is nothing to close. */
export function createLog(options: LogOptions): Log {
  const { level, base = {}, foldPeriodMs = 300_000, nowMs = () => performance.now() } = options;
  const secrets = new Set<string>();
  const write = options.write ?? stderrWriter();
  const stacks = level === 'debug' || level === 'trace';
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      messageKey: 'event',
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(redactLine(line, secrets)) },
  );
  const bound = { ...base };
  const at =
    (name: 'debug' | 'info' | 'warn' | 'error') =>
    (event: string, fields: LogFields = {}): void => {
      if (logger.isLevelEnabled(name)) {
        logger[name](redactFields({ ...bound, ...fields }, stacks), event);
      }
    };
  const folder = new FaultFolder(foldPeriodMs, nowMs);
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return {
    ...log,
    fault: (place, fault) => writeFolded(log, folder.failed(place, fault)),
    resolved: (place) => writeFolded(log, folder.resolved(place)),
    addSecret: (value) => {
      secrets.add(value);
    },
  };
}

function writeFolded(log: Pick<Log, 'info' | 'warn'>, line: FoldedLine | undefined): void {
  switch (line?.kind) {
    case 'failed':
      log.warn('collector failed', fieldsOf(line.place, line.fault));
      break;
    case 'repeated':
      log.warn('collector still fails', {
        ...fieldsOf(line.place, line.fault),
        repeated: line.times,
        overSeconds: Math.round(line.seconds),
      });
      break;
    case 'resolved':
      log.info('collector works again', {
        ...fieldsOf(line.place),
        failures: line.failures,
        afterSeconds: Math.round(line.seconds),
      });
      break;
    case undefined:
      break;
  }
}

/** The fields of a fault. In every line `member` is the agent's own: another one, on which something was tried, is `triedOn`. */
function fieldsOf({ collector, member }: FaultPlace, fault?: Fault): LogFields {
  const { member: faultMember, ...rest } = fault ?? {};
  const triedOn = faultMember ?? member;
  return { collector, ...(triedOn === undefined ? {} : { triedOn }), ...rest };
}

/** Writes to stderr at once. When nobody reads it any more, the agent goes on without a log. */
function stderrWriter(): (line: string) => void {
  const stderr = destination({ fd: 2, sync: true });
  stderr.on('error', () => undefined);
  return (line) => {
    stderr.write(line);
  };
}
