import { styleText } from 'node:util';
import { Argument, Command, Option } from 'commander';
import { AgentError } from '../cluster/agent-error.ts';
import { operationNames } from '../cluster/caretaking.ts';
import type { AgentClient } from './agent-client.ts';
import { type AgentOptions, agentOptions, agentsOf } from './agent-options.ts';
import { askOne } from './any-agent.ts';
import { caretakingIn, decisionsReply, operationsReply } from './caretaking-reply.ts';
import type { Paint } from './decision-text.ts';
import { explainPolicyText, explainText } from './explain-text.ts';
import { memberNames } from './member-names.ts';
import { printed } from './printed.ts';

interface ExplainOptions extends AgentOptions {
  readonly output: 'table' | 'json' | 'yaml';
}

/** Plain where stdout is no terminal, and where NO_COLOR says so. */
export const paintStdout: Paint = (style, text) => styleText(style, text, { stream: process.stdout });

/** `explain`: what each policy decided last, and why. */
export function explainCommand(): Command {
  const command = new Command('explain')
    .description('what each policy decided last, and why; who leads, and what holds the agents back')
    .addArgument(new Argument('[policy]', 'only this policy, in detail').choices([...operationNames]))
    .addOption(
      new Option('-o, --output <format>', 'format of the output').choices(['table', 'json', 'yaml']).default('table'),
    )
    .addHelpText(
      'after',
      `
act: it is done now. plan: it would be done, but something keeps the agents from acting. hold: it should not be done now.

Examples:
  etcd-caretaker explain
  etcd-caretaker explain defrag --agent http://127.0.0.1:9379`,
    );
  return agentOptions(command).action(async (policy: string | undefined, options: ExplainOptions) => {
    const agents = await agentsOf(options);
    process.stdout.write(await askOne(agents, (agent) => explain(agent, policy, options.output)));
  });
}

async function explain(
  agent: AgentClient,
  policy: string | undefined,
  output: ExplainOptions['output'],
): Promise<string> {
  const reply = decisionsReply(agent.url, await agent.get('/api/v1/decisions'));
  if (output !== 'table') {
    if (policy === undefined) return await printed(reply, output);
    const decision = reply.decisions.find((one) => one.policy === policy) ?? undecided(policy, reply.decisions);
    return await printed(decision, output);
  }
  const [nameOf, observation] = await Promise.all([
    memberNames(agent),
    // What it adds is worth having, not worth failing for.
    agent.get('/api/v1/observation').catch(() => undefined),
  ]);
  const explained = { reply, view: caretakingIn(observation), nameOf, paint: paintStdout, nowMs: Date.now() };
  if (policy === undefined) return explainText(explained);
  const operations = operationsReply(agent.url, await agent.get('/api/v1/operations'));
  return explainPolicyText(explained, operations, policy) ?? undecided(policy, reply.decisions);
}

function undecided(policy: string, decisions: readonly { readonly policy: string }[]): never {
  const names = decisions.map((one) => one.policy).join(', ');
  throw new AgentError('NOT_DECIDED', `The policy ${policy} has not decided anything yet.`, {
    remedy:
      names === ''
        ? 'Wait until an agent leads; `etcd-caretaker explain` says who does.'
        : `Those that have: ${names}.`,
  });
}
