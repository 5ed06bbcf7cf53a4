import { Argument, Command } from 'commander';
import { AgentError } from '../cluster/agent-error.ts';
import { operationNames } from '../cluster/caretaking.ts';
import type { AgentClient } from './agent-client.ts';
import { type AgentOptions, agentOptions, agentsOf } from './agent-options.ts';
import { askOne } from './any-agent.ts';
import { caretakingIn, decisionsReply, operationsReply } from './caretaking-reply.ts';
import { explainPolicyText, explainText } from './explain-text.ts';
import { memberNames } from './member-names.ts';
import { type Format, outputOption, type Shown } from './show.ts';
import { showOrWatch, type WatchOptions, watchOption } from './watch.ts';

interface ExplainOptions extends AgentOptions, WatchOptions {
  readonly output: Format;
}

/** `explain`: what each policy decided last, and why. */
export function explainCommand(): Command {
  const command = new Command('explain')
    .description('what each policy decided last, and why; who leads, and what holds the agents back')
    .addArgument(new Argument('[policy]', 'only this policy, in detail').choices([...operationNames]))
    .addHelpText(
      'after',
      `
act: it is done now. plan: it would be done, but something keeps the agents from acting. hold: it should not be done now.

Examples:
  etcd-caretaker explain
  etcd-caretaker explain defrag --agent http://127.0.0.1:9379
  etcd-caretaker explain --watch 5`,
    );
  return agentOptions(watchOption(outputOption(command))).action(
    async (policy: string | undefined, options: ExplainOptions) => {
      const agents = await agentsOf(options);
      await showOrWatch((note) => askOne(agents, (agent) => explain(agent, policy, options.output), note), options);
    },
  );
}

async function explain(agent: AgentClient, policy: string | undefined, output: Format): Promise<Shown> {
  const reply = decisionsReply(agent.url, await agent.get('/api/v1/decisions'));
  const decided = reply.decisions.find((one) => one.policy === policy);
  if (policy !== undefined && decided === undefined) undecided(policy, reply.decisions);
  const data = policy === undefined ? reply : decided;
  // Only a table has them.
  if (output !== 'table') return { text: () => '', data };
  const [nameOf, observation, operations] = await Promise.all([
    memberNames(agent),
    // What it adds is worth having, not worth failing for.
    agent.get('/api/v1/observation').catch(() => undefined),
    policy === undefined ? undefined : agent.get('/api/v1/operations'),
  ]);
  const explained = { reply, view: caretakingIn(observation), nameOf, nowMs: Date.now() };
  return {
    text: ({ paint }) =>
      policy === undefined
        ? explainText({ ...explained, paint })
        : explainPolicyText({ ...explained, paint }, operationsReply(agent.url, operations), policy),
    data,
  };
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
