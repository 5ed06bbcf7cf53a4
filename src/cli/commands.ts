import type { Command } from 'commander';
import { agentCommand } from './agent.ts';
import { configCommand } from './config.ts';
import { demoCommand } from './demo.ts';

/** Every command, in the order in which `--help` shows them. */
export const commands: readonly (() => Command)[] = [agentCommand, demoCommand, configCommand];
