import type { EtcdLine } from '../../real/binaries.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { type FragmentedDatabase, placeDatabase } from '../fragmented-database.ts';
import type { LoadRates } from '../open-load.ts';

/** What one run of the benchmark is about. */
export interface MaintainRun {
  readonly version: EtcdLine;
  readonly rates: LoadRates;
  /** How long a load runs before anything is done to the cluster, and again before what is measured. */
  readonly minutes: { readonly beforeCompaction: number; readonly idle: number };
  readonly repetitions: number;
  /** Keys of the agents' configuration. */
  readonly set: Readonly<Record<string, string>>;
  /** Made when it is first asked for. */
  readonly database: () => Promise<FragmentedDatabase>;
}

/** Room for the database, and what a load adds to it. */
const quotaBytes = 8 * 2 ** 30;

/** What etcd has where nothing is said: the members are started so. */
export const electionTimeoutMs = 1000;

/** Settings of agents that leave alone what is not being measured. */
export const nothingElse: Readonly<Record<string, string>> = {
  'maintenance.hashCheck.mode': 'off',
  'maintenance.moveLeader.mode': 'off',
};

/** How long a load runs before its figures count. */
export const warmUpMs = 10_000;

/** Three members, all of which have the database of this snapshot. */
export async function clusterWith(run: MaintainRun, snapshot: keyof FragmentedDatabase): Promise<RealCluster> {
  const database = await run.database();
  const cluster = await startCluster({ members: 3, version: run.version, quotaBytes });
  try {
    await placeDatabase(cluster, database[snapshot]);
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}
