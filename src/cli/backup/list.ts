import { Command } from 'commander';
import type { StoreCost, WritingHabits } from '../../backup/store-cost.ts';
import { printed } from '../printed.ts';
import { listText } from './list-text.ts';
import { type Format, outputFlag, withPlace } from './opened.ts';
import { plain } from './plain.ts';
import { type OpenedPlace, type StoreFlags, storeFlags } from './store-flags.ts';

interface ListFlags extends StoreFlags {
  readonly cost?: boolean;
  readonly output: Format;
}

const UNFINISHED = 'It was not read to the end.';

/** `backup list`: the chains of a timeline, or what it costs. */
export function listCommand(): Command {
  const command = new Command('list')
    .description('the chains: each full snapshot, and how far segments go on from it')
    .option('--cost', 'what it costs instead: requests and bytes a day, by what lies there and by the interval')
    .addHelpText(
      'after',
      `
Examples:
  etcd-caretaker backup list --store s3://backups/etcd --cluster prod
  etcd-caretaker backup list --cost --config /etc/etcd-caretaker/agent.yaml`,
    );
  return outputFlag(storeFlags(command)).action(async (flags: ListFlags) => {
    if (flags.cost === true) return await printCost(flags);
    const { listChains } = await import('../../backup/list-chains.ts');
    const listing = await withPlace(flags, UNFINISHED, async ({ store, place, others }, signal) => {
      return { ...(await listChains(store, signal)), of: place, otherTimelines: others };
    });
    process.stdout.write(
      flags.output === 'table' ? listText(listing, Date.now()) : await printed(plain(listing), flags.output),
    );
  });
}

async function printCost(flags: ListFlags): Promise<void> {
  const { storeCost } = await import('../../backup/store-cost.ts');
  const { costText } = await import('./cost-text.ts');
  const { cost, habits, url } = await withPlace(flags, UNFINISHED, async (place, signal) => {
    const objects = [];
    for await (const object of place.store.list('', {}, signal)) objects.push(object);
    const of = await habitsOf(place);
    return { cost: storeCost(objects, of, Date.now()), habits: of, url: place.store.url };
  });
  process.stdout.write(
    flags.output === 'table'
      ? `${url}\n${costText(cost, habits.kind, habits.intervalMs)}`
      : await printed(plain(costData(url, habits, cost)), flags.output),
  );
}

/** With what it was worked out from. */
function costData(store: string, { kind, intervalMs, partBytes }: WritingHabits, cost: StoreCost) {
  return { store, kind, intervalMs, partBytes, ...cost };
}

/** As configured; without a configuration, by its defaults. */
async function habitsOf({ store: { kind }, config }: OpenedPlace): Promise<WritingHabits> {
  const { uploadIntervalMs } = await import('../../agent/backup/settings.ts');
  const { backupSection } = await import('../../config/sections/backup.ts');
  const { delta, s3 } = config ?? backupSection.parse({});
  return { kind, intervalMs: uploadIntervalMs({ delta }, kind), partBytes: s3.partBytes };
}
