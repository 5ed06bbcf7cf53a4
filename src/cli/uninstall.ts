import { createInterface } from 'node:readline/promises';
import { Command, Option } from 'commander';
import { AgentError } from '../cluster/agent-error.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import { type JournalKeys, journalKeys } from '../journal/keys.ts';
import { findOwnKeys, type OwnKeys } from '../journal/own-keys.ts';
import { reasonsToKeep, refuseWhileInUse, uninstall } from '../journal/uninstall.ts';
import { withAnsweringMember } from './answering-member.ts';
import { configFlags, flagsOf } from './config-flags.ts';
import { printed } from './printed.ts';
import { formatTable } from './table.ts';
import { formatCount } from './units.ts';

interface UninstallOptions {
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly yes?: boolean;
  readonly output: 'table' | 'json' | 'yaml';
}

/** `uninstall`: takes the agents' keys out of etcd. */
export function uninstallCommand(): Command {
  const command = new Command('uninstall')
    .description("remove the agents' own keys from etcd, when they are to leave for good")
    .option('--dry-run', 'only say what would be removed')
    .option(
      '--force',
      'also while agents are registered, an operation is under way, or other keys are below the prefix',
    )
    .option('-y, --yes', 'do not ask')
    .addOption(
      new Option('-o, --output <format>', 'format of the output').choices(['table', 'json', 'yaml']).default('table'),
    );
  return configFlags(command)
    .addHelpText(
      'after',
      `
Stop all agents first. It asks no agent: it connects to etcd as the configuration says, and deletes all keys below
cluster.keyPrefix in one transaction. Backups, data and the agents' files stay.

Examples:
  etcd-caretaker uninstall --config /etc/etcd-caretaker/agent.yaml --dry-run
  etcd-caretaker uninstall --config /etc/etcd-caretaker/agent.yaml --yes`,
    )
    .action(async (options: UninstallOptions) => {
      const { loadConfig } = await import('../config/load.ts');
      const { config } = await loadConfig({ ...flagsOf({ ...options }), env: process.env });
      await withAnsweringMember(config, (client) => remove(client, journalKeys(config.cluster.keyPrefix), options));
    });
}

async function remove(client: MemberClient, keys: JournalKeys, options: UninstallOptions): Promise<void> {
  const found = await findOwnKeys(client, keys);
  const { force = false, yes = false, dryRun = false } = options;
  if (!dryRun && found.total > 0) {
    if (!force) refuseWhileInUse(found);
    if (!yes) await confirm(found);
    await uninstall(client, keys, { force });
  }
  await print(found, options);
  for (const reason of reasonsToKeep(found)) process.stderr.write(`note: ${reason}\n`);
}

async function print(found: OwnKeys, { dryRun = false, output }: UninstallOptions): Promise<void> {
  if (output !== 'table') {
    process.stdout.write(await printed({ ...found, removed: !dryRun && found.total > 0 }, output));
    return;
  }
  if (found.total === 0) {
    process.stdout.write(`There is nothing below ${found.prefix}.\n`);
    return;
  }
  const rows = [...Object.entries(found.kinds), ['(not ours)', found.foreign.count] as const].filter(([, n]) => n > 0);
  const table = formatTable(
    ['KEYS', 'COUNT'],
    rows.map(([kind, count]) => [kind, formatCount(count)]),
  );
  const done = dryRun ? 'would be removed' : 'removed';
  process.stdout.write(`${table}\n${keysOf(found)} ${done}.\n`);
}

function keysOf({ total, prefix }: OwnKeys): string {
  return `${formatCount(total)} ${total === 1 ? 'key' : 'keys'} below ${prefix}`;
}

/** Throws unless somebody at the terminal agrees. */
async function confirm(found: OwnKeys): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new AgentError('USAGE', `Nothing was removed: nobody can be asked about ${keysOf(found)}.`, {
      remedy: 'Add --yes, or --dry-run to see what they are.',
    });
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const gone = new AbortController();
  // Ctrl-C and Ctrl-D close it, and the question would never be answered.
  lines.once('close', () => gone.abort());
  try {
    const question = `Remove ${keysOf(found)} from etcd? [y/N] `;
    const answer = await lines.question(question, { signal: gone.signal }).catch((error: unknown) => {
      if (!gone.signal.aborted) throw error;
      throw new AgentError('INTERRUPTED', 'Nothing was removed.');
    });
    if (!/^y(es)?$/i.test(answer.trim())) throw new AgentError('UNINSTALL_DECLINED', 'Nothing was removed.');
  } finally {
    lines.close();
  }
}
