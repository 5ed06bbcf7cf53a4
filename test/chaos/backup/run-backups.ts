import { parseDurationMs } from '../../../src/config/duration.ts';
import { type BackupRunResult, backupRun } from './backup-run.ts';
import { settingText } from './setting.ts';

export interface BackupFlags {
  readonly runs: string;
  readonly seed: string;
  readonly for: string;
}

/** Runs with one seed after the other, one line each; gives how many have failed. Throws where a flag is none. */
export async function runBackups(flags: BackupFlags): Promise<number> {
  const forMs = parseDurationMs(flags.for);
  if ('problem' in forMs) throw new Error(`--for: ${forMs.problem}`);
  const [runs, first] = [Number(flags.runs), Number(flags.seed)];
  // The exit ends what was started: who is asked to end must come to it.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(130));
  let failed = 0;
  for (let seed = first; seed < first + runs; seed += 1) {
    const options = { seed, forMs: forMs.value, restores: 3, patienceMs: 180_000 };
    const line = await backupRun(options).then(
      (result) => {
        if (result.problems.length > 0) failed += 1;
        return lineOf(result);
      },
      (error: unknown) => {
        failed += 1;
        return `seed ${seed} FAILED before it had begun: ${error}`;
      },
    );
    console.log(line);
  }
  console.log(`${runs} runs: ${runs - failed} well, ${failed} not`);
  return failed;
}

function lineOf({
  setting,
  troubles,
  revisions,
  restores,
  replayed,
  seconds,
  problems,
  folder,
}: BackupRunResult): string {
  const suffered = [...troubles].map(([name, count]) => `${count} ${name}`).join(', ');
  const said = `${settingText(setting)}; ${revisions} revisions; ${suffered}; ${restores} restores, ${replayed} revisions replayed; ${seconds.toFixed(0)} s`;
  if (problems.length === 0) return `seed ${setting.seed} ok (${said})`;
  return `seed ${setting.seed} FAILED (${said})\n  ${problems.join('\n  ')}\n  kept: ${folder}`;
}
