import type { Command } from 'commander';
import { agentCommand } from './agent.ts';
import { backupCommand } from './backup.ts';
import { completionCommand } from './completion.ts';
import { configCommand } from './config.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { drillCommand } from './drill.ts';
import { explainCommand } from './explain.ts';
import { installCommand } from './install.ts';
import { keyspaceCommand } from './keyspace.ts';
import { pauseCommand } from './pause.ts';
import { recoverCommand } from './recover.ts';
import { restoreCommand } from './restore.ts';
import { resumeCommand } from './resume.ts';
import { runCommand } from './run.ts';
import { statusCommand } from './status.ts';
import { uninstallCommand } from './uninstall.ts';

/** Every command, in the order in which `--help` shows them. */
export const commands: readonly (() => Command)[] = [
  agentCommand,
  demoCommand,
  statusCommand,
  doctorCommand,
  explainCommand,
  recoverCommand,
  runCommand,
  pauseCommand,
  resumeCommand,
  backupCommand,
  restoreCommand,
  drillCommand,
  keyspaceCommand,
  configCommand,
  completionCommand,
  installCommand,
  uninstallCommand,
];
