import type { ForeignSign } from './state.ts';

/** The storage prefix of a Kubernetes API server unless `--etcd-prefix` says another, and the one that OpenShift uses. */
export const kubernetesPrefixes: readonly string[] = ['/registry', '/kubernetes.io'];

/** A range to look into for marks: every key that begins with `prefix`, keys only, at most `limit` of them. */
export interface MarkRange {
  readonly prefix: string;
  readonly limit: number;
}

interface Operator {
  readonly name: string;
  /** Below the storage prefix. */
  readonly below: string;
  readonly policies: readonly string[];
}

/**
 * Operators that look after an etcd, by the keys that they leave in a store of Kubernetes. Whether it is this very etcd
 * cannot be told from the keys, so what they do is left to them.
 */
const operators: readonly Operator[] = [
  {
    name: "OpenShift's cluster-etcd-operator",
    below: 'operator.openshift.io/etcds/',
    policies: ['defrag', 'move-leader'],
  },
  { name: 'etcd-druid of Gardener', below: 'druid.gardener.cloud/etcds/', policies: ['compaction', 'defrag'] },
  { name: 'the etcd-operator of CoreOS', below: 'etcd.database.coreos.com/etcdclusters/', policies: ['defrag'] },
  { name: 'the etcd-operator of etcd.io', below: 'operator.etcd.io/etcdclusters/', policies: ['defrag'] },
];

const cronJobs = 'cronjobs/';

/** What cron jobs for etcd are called, and what they do. */
const chores: readonly { readonly word: RegExp; readonly policies: readonly string[] }[] = [
  { word: /defrag/, policies: ['defrag', 'nospace'] },
  { word: /compact/, policies: ['compaction'] },
  { word: /maint|care/, policies: ['compaction', 'defrag'] },
  { word: /backup|snapshot/, policies: [] },
];

/** One of an operator is enough; of cron jobs, a cluster has at most some hundreds. */
const MOST_CRON_JOBS = 1000;

/** The ranges that have to be read to find all marks. @param prefixes of Kubernetes in this store, without a last slash */
export function marksToLookFor(prefixes: readonly string[] = kubernetesPrefixes): readonly MarkRange[] {
  return prefixes.flatMap((prefix) => [
    ...operators.map(({ below }) => ({ prefix: `${prefix}/${below}`, limit: 1 })),
    { prefix: `${prefix}/${cronJobs}`, limit: MOST_CRON_JOBS },
  ]);
}

/** The signs that found keys are. Cron jobs for backups are one too, but no policy gives way to them. */
export function signsOfMarks(keys: readonly string[], prefixes: readonly string[] = kubernetesPrefixes): ForeignSign[] {
  return keys.flatMap((key) => {
    const prefix = prefixes.find((start) => key.startsWith(`${start}/`));
    const rest = prefix === undefined ? '' : key.slice(prefix.length + 1);
    const operator = operators.find(({ below }) => rest.startsWith(below));
    if (operator !== undefined) return [operatorSign(operator, key)];
    return rest.startsWith(cronJobs) ? cronJobSign(rest.slice(cronJobs.length)) : [];
  });
}

function operatorSign({ name, policies }: Operator, key: string): ForeignSign {
  const message = `${name} has left its mark in this store (${key}): if it looks after this etcd, it does so alone`;
  return { code: 'FOREIGN_OPERATOR', message, policies };
}

/** @param job `namespace/name` */
function cronJobSign(job: string): readonly ForeignSign[] {
  const name = job.split('/').at(-1) ?? '';
  const found = /etcd/.test(name) ? chores.find(({ word }) => word.test(name)) : undefined;
  const message = `the cron job ${job} of Kubernetes looks as if it takes care of etcd`;
  return found === undefined ? [] : [{ code: 'FOREIGN_CRON_JOB', message, policies: found.policies }];
}
