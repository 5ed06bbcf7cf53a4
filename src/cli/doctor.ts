import { Command } from 'commander';
import { configFlags, flagsOf } from './config-flags.ts';
import type { TargetFlags } from './doctor/target.ts';
import { exitCodes } from './exit-codes.ts';
import type { Look } from './look.ts';
import { type Format, outputOption, show } from './show.ts';
import { spinning } from './spinner.ts';

type Options = Readonly<Record<string, unknown>>;

const styles = { ok: 'green', warning: 'yellow', critical: 'red', skipped: 'dim' } as const;

/** `doctor`: looks once at everything that it can, and says what is wrong and what to do. */
export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('connect, check everything, and say what to do')
    .option('--endpoint <url>', "the member's client URL, instead of a configuration")
    .option('--data-dir <folder>', "the member's data directory; left out, that of etcd's process on this machine")
    .option('--load', 'also write for 10 s, about 150 small writes a second, and say how long they took')
    .option('--bundle <file>', 'write a support archive (.tar.gz) without secrets')
    .addHelpText(
      'after',
      `
It runs beside a running agent or without one. Exit codes: 0 nothing is wrong (notes are no fault), 1 a warning or
worse, 2 the configuration or a file of ours cannot be used, 3 no member answered.

Examples:
  etcd-caretaker doctor --config /etc/etcd-caretaker/agent.yaml
  etcd-caretaker doctor --endpoint http://127.0.0.1:2379 -o json
  etcd-caretaker doctor --config agent.yaml --bundle support.tar.gz`,
    );
  return configFlags(outputOption(command)).action(doctor);
}

async function doctor(options: Options): Promise<void> {
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort(new Error('interrupted'));
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const diskHangs = await examine(options, interruption.signal);
    if (interruption.signal.aborted) process.exitCode = exitCodes.interrupted;
    if (diskHangs) {
      process.stderr.write('The disk hangs, so this process can only be killed; it does so itself.\n');
      process.kill(process.pid, 'SIGKILL');
    }
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** Whether the disk hangs. */
async function examine(options: Options, signal: AbortSignal): Promise<boolean> {
  const { bundle } = options;
  if (typeof bundle !== 'string') return (await report(options, signal))?.diskHangs === true;
  const { Archive } = await import('./doctor/bundle/archive.ts');
  const archive = await Archive.create(bundle);
  let isWritten = false;
  try {
    const parts = await report(options, signal);
    if (parts === undefined) return false;
    const { writeBundle } = await import('./doctor/bundle.ts');
    const { files, bytes } = await writeBundle(archive, { ...parts, signal });
    isWritten = true;
    const size = `${files} files, ${bytes} bytes`;
    process.stderr.write(`${bundle}: ${size}, without secrets; look through it before you send it\n`);
    return parts.diskHangs;
  } finally {
    if (!isWritten) await archive.discard();
  }
}

/** Looks at everything and prints the report; undefined when it was interrupted. */
async function report(options: Options, signal: AbortSignal) {
  const [{ resolveTarget }, { gatherFacts }, { checks }, { exitCodeOfReport, reportOf }] = await Promise.all([
    import('./doctor/target.ts'),
    import('./doctor/gather.ts'),
    import('./doctor/checks.ts'),
    import('./doctor/report.ts'),
  ]);
  const target = await resolveTarget(targetFlags(options), process.env, signal);
  const load = options['load'] === true;
  const what = load ? 'looking at everything, and writing for 10 s' : 'looking at everything';
  const { facts, diskHangs } = await spinning(what, () => gatherFacts(target, { load, signal }));
  if (signal.aborted) return undefined;
  const made = reportOf(facts, checks);
  const { reportText } = await import('./doctor/report-text.ts');
  const text = ({ paint }: Look): string =>
    reportText(made, (status, words) => (status === 'info' ? words : paint(styles[status], words)));
  await show({ text, data: made, exitCode: exitCodeOfReport(made) }, options['output'] as Format);
  return { target, facts, report: made, diskHangs };
}

function targetFlags(options: Options): TargetFlags {
  const { endpoint, dataDir } = options;
  return {
    ...flagsOf(options),
    ...(typeof endpoint === 'string' ? { endpoint } : {}),
    ...(typeof dataDir === 'string' ? { dataDir } : {}),
  };
}
