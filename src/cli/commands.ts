import type { Command } from 'commander';

/** One command by its name; its code is read when it is run, so that no command waits for that of the others. */
interface NamedCommand {
  readonly name: string;
  readonly load: () => Promise<Command>;
  /** It speaks of all commands, so it needs them all. */
  readonly ofAll?: boolean;
}

/** Every command, in the order in which `--help` shows them. */
const commands: readonly NamedCommand[] = [
  { name: 'agent', load: async () => (await import('./agent.ts')).agentCommand() },
  { name: 'demo', load: async () => (await import('./demo.ts')).demoCommand() },
  { name: 'status', load: async () => (await import('./status.ts')).statusCommand() },
  { name: 'top', load: async () => (await import('./top.ts')).topCommand() },
  { name: 'doctor', load: async () => (await import('./doctor.ts')).doctorCommand() },
  { name: 'explain', load: async () => (await import('./explain.ts')).explainCommand() },
  { name: 'recover', load: async () => (await import('./recover.ts')).recoverCommand() },
  { name: 'run', load: async () => (await import('./run.ts')).runCommand() },
  { name: 'pause', load: async () => (await import('./pause.ts')).pauseCommand() },
  { name: 'resume', load: async () => (await import('./resume.ts')).resumeCommand() },
  { name: 'backup', load: async () => (await import('./backup.ts')).backupCommand() },
  { name: 'restore', load: async () => (await import('./restore.ts')).restoreCommand() },
  { name: 'drill', load: async () => (await import('./drill.ts')).drillCommand() },
  { name: 'keyspace', load: async () => (await import('./keyspace.ts')).keyspaceCommand() },
  { name: 'config', load: async () => (await import('./config.ts')).configCommand() },
  { name: 'completion', load: async () => (await import('./completion.ts')).completionCommand(), ofAll: true },
  { name: 'man', load: async () => (await import('./man.ts')).manCommand(), ofAll: true },
  { name: 'install', load: async () => (await import('./install.ts')).installCommand() },
  { name: 'uninstall', load: async () => (await import('./uninstall.ts')).uninstallCommand() },
];

/**
 * The commands that a command line needs: the one that it names, and all of them where it names none that there is, so that `--help` and
 * what is said of a misspelled one know them. No option of the program itself takes a value, so the first word that is no option is
 * the name.
 */
export async function commandsFor(args: readonly string[]): Promise<readonly Command[]> {
  if (args[0] === '--version' || args[0] === '-V') return [];
  const named = commands.find(({ name }) => name === args.find((arg) => !arg.startsWith('-')));
  return await Promise.all(
    (named === undefined || named.ofAll === true ? commands : [named]).map(({ load }) => load()),
  );
}
