import { Command } from 'commander';
import { agentsOf } from './agent-options.ts';
import { askOne } from './any-agent.ts';
import { pauseFilesOf } from './pause-files.ts';
import { checkPauseOptions, type PauseOptions, pauseOptions } from './pause-options.ts';
import { requester } from './requester.ts';
import { show } from './show.ts';

/** `resume`: ends a pause, and closes breakers. */
export function resumeCommand(): Command {
  const command = new Command('resume').description(
    'end a pause, and let policies act again that had failed too often',
  );
  return pauseOptions(command, "only this machine's agent: removes the file that `pause --local` wrote")
    .addHelpText(
      'after',
      `
It also closes the breakers of all policies: failures before it no longer count.

Examples:
  etcd-caretaker resume
  etcd-caretaker resume --local --config /etc/etcd-caretaker/agent.yaml`,
    )
    .action(resume);
}

async function resume(options: PauseOptions): Promise<void> {
  checkPauseOptions(options);
  if (options.local === true) {
    await resumeHere(options);
    return;
  }
  const data = await askOne(await agentsOf(options), (agent) => agent.delete('/api/v1/pause', { by: requester() }));
  const text =
    'The cluster is not paused any more, and all breakers are closed: failures before now no longer count.\n' +
    'Agents that are paused by a file of their own stay so until `resume --local`.\n';
  await show({ text: () => text, data }, options.output);
}

async function resumeHere(options: PauseOptions): Promise<void> {
  const { removeLocalPause } = await import('../operate/local-pause.ts');
  const files: { readonly member: string; readonly path: string; readonly wasPaused: boolean }[] = [];
  for (const { member, path } of await pauseFilesOf({ ...options })) {
    files.push({ member, path, wasPaused: await removeLocalPause(path) });
  }
  const lines = files.map(({ member, path, wasPaused }) =>
    wasPaused
      ? `The agent beside ${member} is not paused any more: ${path} is removed.\n`
      : `The agent beside ${member} was not paused: there is no ${path}.\n`,
  );
  await show({ text: () => lines.join(''), data: { files } }, options.output);
}
