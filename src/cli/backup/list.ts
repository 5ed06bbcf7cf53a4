import { Command } from 'commander';
import type { StoreCost, WritingHabits } from '../../backup/store-cost.ts';
import { type Format, outputOption, type Shown } from '../show.ts';
import { showOrWatch, type WatchOptions, watchOption } from '../watch.ts';
import { listText } from './list-text.ts';
import { withPlace } from './opened.ts';
import { plain } from './plain.ts';
import { type OpenedPlace, type StoreFlags, storeFlags } from './store-flags.ts';

interface ListFlags extends StoreFlags, WatchOptions {
  readonly cost?: boolean;
  readonly output: Format;
}

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
  etcd-caretaker backup list --cost --config /etc/etcd-caretaker/agent.yaml
  etcd-caretaker backup list --store file:///var/backups/etcd --watch 10`,
    );
  return outputOption(watchOption(storeFlags(command))).action(async (flags: ListFlags) => {
    await showOrWatch(() => (flags.cost === true ? cost(flags) : list(flags)), flags);
  });
}

async function list(flags: ListFlags): Promise<Shown> {
  const { listChains } = await import('../../backup/list-chains.ts');
  const listing = await inPlace(flags, async ({ store, place, others }, signal) => {
    return { ...(await listChains(store, signal)), of: place, otherTimelines: others };
  });
  return { text: (look) => listText(listing, Date.now(), look), data: plain(listing) };
}

async function cost(flags: ListFlags): Promise<Shown> {
  const { storeCost } = await import('../../backup/store-cost.ts');
  const { costText } = await import('./cost-text.ts');
  const { found, habits, url } = await inPlace(flags, async (place, signal) => {
    const objects = [];
    for await (const object of place.store.list('', {}, signal)) objects.push(object);
    const of = await habitsOf(place);
    return { found: storeCost(objects, of, Date.now()), habits: of, url: place.store.url };
  });
  return {
    text: () => `${url}\n${costText(found, habits.kind, habits.intervalMs)}`,
    data: plain(costData(url, habits, found)),
  };
}

async function inPlace<T>(flags: ListFlags, work: (place: OpenedPlace, signal: AbortSignal) => Promise<T>): Promise<T> {
  return await withPlace(flags, 'It was not read to the end.', work, 'newest', false);
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
