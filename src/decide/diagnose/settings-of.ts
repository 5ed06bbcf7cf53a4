import type { Look } from '../../cluster/diagnosis.ts';

/** Etcd's own defaults (`--heartbeat-interval`, `--election-timeout`), in ms. */
const defaults = { heartbeatMs: 100, electionMs: 1000 };

/** How fast etcd has to hear from the others: by its settings, where they could be read, else by its defaults. */
export function raftTimes({ values }: Look): typeof defaults {
  const settings = values.process?.settings ?? {};
  return {
    heartbeatMs: positive(settings['heartbeat-interval']) ?? defaults.heartbeatMs,
    electionMs: positive(settings['election-timeout']) ?? defaults.electionMs,
  };
}

function positive(text: string | undefined): number | undefined {
  const value = Number(text);
  return text !== undefined && Number.isFinite(value) && value > 0 ? value : undefined;
}
