import type { Operation } from './operation.ts';
import { byItsAgent, oneByOne } from './steps/one-by-one.ts';
import { parameterWrong } from './steps/parameters.ts';
import type { RestartParts } from './steps/parts.ts';

/** Has the agents beside the targets start etcd again, one member at a time. */
export function restartOperation(parts: RestartParts): Operation {
  return {
    name: 'restart',
    version: 1,
    run: async (context) => {
      const targets = [...new Set(context.slot.targets)];
      if (targets.length === 0) throw parameterWrong(context.slot, 'has no targets');
      const plan = {
        targets,
        ...byItsAgent('restart-member', context, parts),
        why: 'is started again',
        withoutSpare: parts.restartWithoutSpare,
      };
      const { done, stopped } = await oneByOne(plan, context, parts);
      const text = `${done.length} of ${targets.length} members were started again`;
      return stopped === undefined
        ? { outcome: 'succeeded', summary: `${text}.` }
        : {
            outcome: 'stopped',
            code: stopped.code,
            summary: `${text}; it stopped because ${stopped.message.replace(/\.$/, '')}.`,
          };
    },
  };
}
