import { Command, Option } from 'commander';
import { type AgentOptions, agentOptions, agentsOf } from './agent-options.ts';
import { askOne } from './any-agent.ts';
import { carryOut } from './recover/carry-out.ts';
import { parseRevision } from './restore/point.ts';

interface RecoverOptions extends AgentOptions {
  readonly apply?: boolean;
  readonly lost: readonly string[];
  readonly toRevision?: bigint;
  readonly output: 'table' | 'json' | 'yaml';
}

/** `recover`: what is to be done about a lost quorum, what may be missing afterwards, and to do it. */
export function recoverCommand(): Command {
  const command = new Command('recover')
    .description('bring back a cluster that has lost its quorum, and say before what may be missing')
    .option('--apply', 'do it; without it nothing is changed')
    .option('--lost <name>', 'this member is gone for good, with its machine and disk; repeatable', collect, [])
    .option('--to-revision <n>', 'instead, have a cluster that runs go back to this revision of a store', parseRevision)
    .addOption(
      new Option('-o, --output <format>', 'format of the output').choices(['table', 'json', 'yaml']).default('table'),
    )
    .addHelpText(
      'after',
      `
Any agent can be asked: the agents find each other without etcd (cluster.peers, and the last member list). Exit codes: 0 there is nothing
to do, or it was done; 1 there is something to do, it is not allowed yet, or it failed. If it is cut off, run it again.

Examples:
  etcd-caretaker recover
  etcd-caretaker recover --lost m3
  etcd-caretaker recover --lost m3 --apply
  etcd-caretaker recover --to-revision 120000`,
    );
  return agentOptions(command).action(async (options: RecoverOptions) => {
    const { apply = false, lost, toRevision, output } = options;
    const agents = await agentsOf(options);
    const wish = { lost, ...(toRevision === undefined ? {} : { toRevision: String(toRevision) }) };
    await askOne(agents, (agent) => carryOut(agent, wish, { apply, output }));
  });
}

/** For an option that may be given several times. */
function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}
