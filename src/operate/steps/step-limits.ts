const MINUTE_MS = 60_000;

/**
 * How long whoever leads waits for the report of an agent, by the name of the step; a new leader waits for as long again. They are generous: what is
 * held up by a busy machine must come to its end, and only what hangs (a disk, a kubelet that is gone, a queued job of systemd) must not hold the one slot for
 * ever. The operation then stops, and the agent's errand ends with it.
 */
export const stepLimitsMs = {
  // It looks at the disk and at the version of etcd.
  'prepare-join': 5 * MINUTE_MS,
  // Etcd ends (`supervise.stopGrace`, and as long again before it is killed), and folders are renamed.
  fence: 10 * MINUTE_MS,
  // Longer than a supervisor's own limit for a start, which says more, and than a member may take to answer.
  'start-joined': 10 * MINUTE_MS,
  'stop-member': 10 * MINUTE_MS,
  // Etcd ends, as above, and starts.
  'restart-member': 10 * MINUTE_MS,
  // Kubernetes takes away a pod whose node is gone after a minute, and its claim then.
  'release-claim': 10 * MINUTE_MS,
  'prepare-upgrade': 5 * MINUTE_MS,
  // And once more, where the new version does not serve.
  'switch-version': 20 * MINUTE_MS,
  // A large backup is fetched and restored.
  'rehearse-upgrade': 12 * 60 * MINUTE_MS,
  drill: 12 * 60 * MINUTE_MS,
} as const satisfies Readonly<Record<string, number>>;
