import { Command } from 'commander';
import { AgentError } from '../../cluster/agent-error.ts';
import { requester } from '../requester.ts';
import { type Format, outputOption, show } from '../show.ts';
import { withPlace } from './opened.ts';
import { plain } from './plain.ts';
import { type StoreFlags, storeFlags } from './store-flags.ts';

interface ReleaseFlags extends StoreFlags {
  readonly output: Format;
}

interface HoldFlags extends ReleaseFlags {
  readonly reason: string;
}

const CHAIN = 'id of the chain, or revision of its full snapshot, as `backup list` shows them';

/** `backup hold`: retention takes nothing of a chain away. */
export function holdCommand(): Command {
  const command = new Command('hold')
    .description('keep a chain, whatever retention says, until it is released')
    .argument('<chain>', CHAIN)
    .requiredOption('--reason <text>', 'why: whoever finds it later will ask')
    .addHelpText(
      'after',
      `
Exit codes: 0 it is held; 1 it was held already, and is as before; 2 there is no such chain.

Example:
  etcd-caretaker backup hold k3f9a0b1 --reason 'before the upgrade to 3.5' --config /etc/etcd-caretaker/agent.yaml`,
    );
  return outputOption(storeFlags(command)).action(async (chain: string, flags: HoldFlags) => {
    const reason = flags.reason.trim();
    if (reason === '') {
      throw new AgentError('REASON_MISSING', 'A hold needs a reason.', { remedy: 'Say why with --reason.' });
    }
    const { findChain, hold, readHold } = await import('../../backup/retention/marks.ts');
    const name = await withPlace(
      flags,
      'It may be held or not: look with `backup list`.',
      async ({ store }, signal) => {
        const found = (await findChain(store, chain, signal)).name;
        const before = await readHold(store, found.id, signal);
        if (before !== undefined) {
          const since = new Date(before.atMs).toISOString();
          throw new AgentError(
            'CHAIN_HELD',
            `Chain ${found.id} is held already, by ${before.by} since ${since}: ${before.reason}`,
            { remedy: 'Nothing is to be done; to give another reason, release it first.' },
          );
        }
        await hold(store, found.id, { reason, by: requester(), atMs: Date.now() }, signal);
        return found;
      },
      'one-cluster',
    );
    const text = `Chain ${name.id} (revision ${name.revision}) is held.\n`;
    await show({ text: () => text, data: plain({ id: name.id, revision: name.revision, reason }) }, flags.output);
  });
}

/** `backup release`: ends a hold. */
export function releaseCommand(): Command {
  const command = new Command('release')
    .description('end a hold: the chain goes the way of the others')
    .argument('<chain>', CHAIN)
    .addHelpText(
      'after',
      '\nExample:\n  etcd-caretaker backup release k3f9a0b1 --config /etc/etcd-caretaker/agent.yaml',
    );
  return outputOption(storeFlags(command)).action(async (chain: string, flags: ReleaseFlags) => {
    const { findChain, readMarks, release } = await import('../../backup/retention/marks.ts');
    const { id, wasHeld } = await withPlace(
      flags,
      'It may be held or not: look with `backup list`.',
      async ({ store }, signal) => {
        const { held } = await readMarks(store, signal);
        // A hold may be left of a chain that is gone.
        const id = held.has(chain) ? chain : (await findChain(store, chain, signal)).name.id;
        const wasHeld = held.has(id);
        if (wasHeld) await release(store, id, signal);
        return { id, wasHeld };
      },
      'one-cluster',
    );
    const text = wasHeld ? `Chain ${id} is released.\n` : `Chain ${id} was not held.\n`;
    await show({ text: () => text, data: { id, wasHeld } }, flags.output);
  });
}
