import { PRICES, type StoreCost } from '../../backup/store-cost.ts';
import { formatBytes, formatCount } from '../units.ts';

const count = (n: number): string => formatCount(Math.round(n));

/** What a store costs, for a person: what was measured, what was estimated, and by which prices. */
export function costText(cost: StoreCost, kind: 'local' | 'remote', intervalMs: number): string {
  const { measured, estimated, sinceMs } = cost;
  const lines = [`${count(cost.objects)} objects, ${formatBytes(cost.bytes)}`];
  if (measured === undefined || estimated === undefined || sinceMs === undefined) {
    lines.push('What a day comes to cannot be told yet: there is no full snapshot that is ten minutes old.');
  } else {
    lines.push(
      '',
      `A day, measured since ${new Date(sinceMs).toISOString()}`,
      `  full snapshots  ${formatBytes(Math.round(measured.fullBytesPerDay))} in ${measured.fullsPerDay.toFixed(1)}`,
      `  changes         ${formatBytes(Math.round(measured.deltaBytesPerDay))}, compressed`,
      '',
      'A day, estimated',
      `  PUT             ${count(estimated.putsPerDay)}: at most ${count(estimated.capturedPerDay)} segments as they were captured, merging, full snapshots`,
      `  GET             ${count(estimated.getsPerDay)}: merging reads each object once; no restore, no verification`,
      `  LIST            ${count(estimated.listsPerDay)}`,
    );
    if (kind === 'remote') lines.push(`  a month         ${estimated.usdPerMonth.toFixed(2)} USD, storage included`);
  }
  const seconds = intervalMs / 1000;
  lines.push(
    '',
    `While writes never cease, an interval of ${seconds} s makes ${count(cost.mostPutsPerDay)} PUTs a day; nothing is put while nothing is written.`,
    kind === 'local'
      ? 'Requests to a folder cost nothing.'
      : `Prices: ${PRICES.puts1000} USD for 1,000 PUTs or LISTs, ${PRICES.gets1000} for 1,000 GETs, ${PRICES.gigabyteMonth} for a gigabyte a month (Amazon's STANDARD in us-east-1; another server or class has others).`,
  );
  return `${lines.join('\n')}\n`;
}
