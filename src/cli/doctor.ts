import { styleText } from 'node:util';
import { Command, Option } from 'commander';
import { configFlags, flagsOf } from './config-flags.ts';
import type { Report } from './doctor/report.ts';
import type { TargetFlags } from './doctor/target.ts';
import { exitCodes } from './exit-codes.ts';

type Options = Readonly<Record<string, unknown>>;

/** `doctor`: looks once at everything that it can, and says what is wrong and what to do. */
export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('connect, check everything, and say what to do')
    .option('--endpoint <url>', "the member's client URL, instead of a configuration")
    .option('--data-dir <folder>', "the member's data directory; left out, that of etcd's process on this machine")
    .option('--load', 'also write for 10 s, about 150 small writes a second, and say how long they took')
    .option('--bundle <file>', 'write a support archive (.tar.gz) without secrets')
    .addOption(
      new Option('-o, --output <format>', 'format of the output').choices(['table', 'json', 'yaml']).default('table'),
    )
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
  return configFlags(command).action(doctor);
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
  const { facts, diskHangs } = await gatherFacts(target, { load: options['load'] === true, signal });
  if (signal.aborted) return undefined;
  const made = reportOf(facts, checks);
  process.stdout.write(await written(made, options['output']));
  process.exitCode = exitCodeOfReport(made);
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

async function written(report: Report, format: unknown): Promise<string> {
  if (format === 'json') return `${JSON.stringify(report, null, 2)}\n`;
  if (format === 'yaml') {
    const { stringify } = await import('yaml');
    return stringify(report, { lineWidth: 0 });
  }
  const { reportText } = await import('./doctor/report-text.ts');
  const colours = { ok: 'green', info: 'cyan', warning: 'yellow', critical: 'red', skipped: 'gray' } as const;
  // Plain where stdout is no terminal, and where NO_COLOR says so.
  return reportText(report, (status, text) => styleText(colours[status], text, { stream: process.stdout }));
}
