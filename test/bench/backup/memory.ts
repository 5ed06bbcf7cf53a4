import { join } from 'node:path';
import { numbers } from './option.ts';
import type { Part } from './parts.ts';
import { takeInChild } from './snapshots.ts';
import { median, targetLine } from './target.ts';

const mib = 2 ** 20;
const defaultSizesMib = [2048, 8192];
const defaultRuns = 3;
const mostMib = 256;
/** Of two runs of the same size; what is above it has grown with the size. */
const noiseMib = 8;

/**
 * Resident memory at most while a full snapshot is taken, of a smaller and of a larger member (`--size MIB,MIB`, `--runs N`): the
 * same for both.
 */
export const memory: Part = async (args, { members }) => {
  const sizes = numbers(args, '--size', defaultSizesMib).toSorted((a, b) => a - b);
  const [runs = defaultRuns] = numbers(args, '--runs', [defaultRuns]);
  console.log(`\nmemory while a full snapshot is taken, ${runs} runs`);
  const peaks: number[] = [];
  for (const sizeMib of sizes) {
    const { endpoint, cluster } = await members.grown(sizeMib);
    const measured: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const { residentBefore, residentPeak, seconds } = await takeInChild(
        endpoint,
        join(cluster.folder, 'ours'),
        'plain',
      );
      measured.push(residentPeak / mib);
      console.log(
        `  ${sizeMib} MiB: ${Math.round(residentBefore / mib)} MiB before, ${Math.round(residentPeak / mib)} at most, ${seconds.toFixed(1)} s`,
      );
    }
    const peak = median(measured);
    console.log(targetLine(`RSS at most, full of ${sizeMib} MiB`, peak, 'MiB', { atMost: mostMib }));
    peaks.push(peak);
  }
  const [smallest, largest] = [peaks[0], peaks.at(-1)];
  if (smallest === undefined || largest === undefined || peaks.length < 2) return;
  console.log(targetLine('grown with the size', largest - smallest, 'MiB', { atMost: noiseMib }));
};
