import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, exitCodes } from '../../src/cli/exit-codes.ts';
import { AgentError } from '../../src/cluster/agent-error.ts';

const sources = join(import.meta.dirname, '..', '..', 'src');

/** Every code with which the agent or a command can end, by what the user has to do. */
const table: Readonly<Record<'usage' | 'unreachable' | 'fault' | 'interrupted', readonly string[]>> = {
  usage: [
    'SUPERVISE_POD_UNKNOWN',
    'MEMBER_MEMORY_UNREADABLE',
    'CONFIG_INVALID',
    'CREDENTIALS_REQUIRED',
    'USAGE',
    'MEMBER_UNKNOWN',
    'OPERATION_UNKNOWN',
    'MEMBER_AMBIGUOUS',
    'TARGET_VERSION_MISSING',
    'TARGET_VERSION_WRONG',
    'DURATION_WRONG',
    'REASON_MISSING',
    'REASON_TOO_LONG',
    'ENOENT',
    'EACCES',
    'EISDIR',
    'EADDRINUSE',
    'ETCD_BAD_ENDPOINT',
    'ETCD_CERT_UNREADABLE',
    'ETCD_PASSWORD_UNREADABLE',
    'LISTEN_FAILED',
    'LISTEN_IN_USE',
    'LISTEN_NOT_ALLOWED',
    'LISTEN_NO_SUCH_ADDRESS',
    'LISTEN_PATH_TAKEN',
    'LISTEN_PATH_TOO_LONG',
    'PAUSE_FILE_UNUSABLE',
    'SOCKET_FOLDER_UNUSABLE',
    'TLS_FILES_INVALID',
    'TLS_FILE_UNREADABLE',
    'TOKEN_FILE_UNREADABLE',
    'TOKEN_TOO_SHORT',
  ],
  unreachable: [
    'AGENT_OUTCOME_UNKNOWN',
    'AGENT_UNREACHABLE',
    'JOURNAL_UNCERTAIN',
    'LEADER_HAS_NO_URL',
    'MEMBER_HAS_NO_URL',
    'MEMBERS_UNKNOWN',
    'NOT_ACTING',
    'NOT_ACTING_YET',
    'NOT_LEADER',
    'PEER_AGENT_REFUSED',
    'PEER_AGENT_UNREACHABLE',
    'RECOVERY_NOT_HERE',
    'ECONNREFUSED',
    'ETCD_AUTH_FAILED',
    'ETCD_AUTH_REQUIRED',
    'ETCD_DEADLINE',
    'ETCD_MISSING',
    'ETCD_TLS_EXPIRED',
    'ETCD_TLS_UNTRUSTED',
    'ETCD_UNREACHABLE',
  ],
  fault: [
    'AGENT_ANSWER_UNKNOWN',
    'AGENT_OF_ANOTHER',
    'DEMO_ETCD_FAILED',
    'DISK_HUNG',
    'ETCD_CORRUPT',
    'INTERNAL',
    'TOKEN_WRONG',
    'UNINSTALL_DECLINED',
    'AGENTS_REGISTERED',
    'LEADER_ANSWER_UNKNOWN',
    'PAUSED',
    'REQUESTS_WAITING',
    'BACKUP_COMPACTION_NOT_HELD',
    'BACKUP_CHAIN_BROKEN',
    'SPOOL_DAMAGED',
    'SPOOL_FULL',
    'BACKUP_NOT_RUNNING',
    'DRILL_DIED',
    'LAST_GASP_MEMBER_RUNS',
    'DATA_DIR_UNREADABLE',
    'MEMBER_STILL_LISTED',
    'MEMBER_RUNS',
    'MEMBER_MEMORY_UNWRITABLE',
    'LAST_GASP_NOT_POSSIBLE',
    'NO_BACKUP',
    'STORE_UNKNOWN',
    'SNAPSHOT_DISAGREES',
    'BACKUP_NOT_ENDING',
    'BACKUP_PLACE_EMPTY',
    'RECOVERY_STEP_FAILED',
    'RECOVERY_AGENT_SILENT',
    'RECOVERY_PROMISE_UNREADABLE',
    'RECOVERY_PROMISE_UNWRITABLE',
    'RECOVERY_HELD',
    'RECOVERY_PLAN_WRONG',
    'RECOVERY_RUNS',
    'RECOVERY_LOST_ANSWERS',
    'RECOVERY_STORE_FOREIGN',
    'RECOVERY_EVIDENCE_WRONG',
    'RECOVERY_SEED_UNFIT',
    'RECOVERY_POINT_LOST',
    'MEMBER_RETIRED',
    'MEMBER_HELD',
    'MEMBER_NOT_BACK',
    'VERSION_NOT_SERVING',
    'PROCESS_UNKNOWN',
    'UPGRADE_NOT_HERE',
    'NO_POD_SET',
    'ROLLOUT_BY_KUBERNETES',
    'PARTITION_CHANGED',
    'TEMPLATE_CHANGED',
  ],
  interrupted: ['INTERRUPTED'],
};

describe('the exit code of a command that failed', () => {
  const rows = Object.entries(table).flatMap(([kind, codes]) => codes.map((code) => [kind, code] as const));

  it.each(rows)('says %s for %s', (kind, code) => {
    const error = new AgentError(code, 'It failed.');
    expect(exitCodeOf(error)).toBe(Object.entries(exitCodes).find(([name]) => name === kind)?.[1]);
  });

  it("is known for every error of the agent's own listeners and files", async () => {
    const codes = new Set<string>();
    for (const folder of ['agent', 'expose']) {
      for (const file of await readdir(join(sources, folder), { recursive: true })) {
        const text = file.endsWith('.ts') ? await readFile(join(sources, folder, file), 'utf8') : '';
        for (const [, code] of text.matchAll(/new AgentError\(\s*'([A-Z_]+)'/g)) {
          codes.add(code ?? '');
        }
      }
    }
    expect(codes.size).toBeGreaterThan(8);
    expect([...codes].filter((code) => !rows.some(([, known]) => known === code))).toEqual([]);
  });
});
