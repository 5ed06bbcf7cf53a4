import { readFile } from 'node:fs/promises';
import { isMap, parseDocument } from 'yaml';
import { AgentError } from '../../cluster/agent-error.ts';
import { beginSettingNames } from '../begin-settings.ts';
import { ownerOf, replaceFile } from '../replace-file.ts';

/**
 * Writes a copy of etcd's configuration file, with the settings by which it begins a cluster replaced and everything else, its
 * comments too, as it is. The copy has the mode and the owner of the original, which is not touched. Throws an AgentError
 * `SUPERVISE_CONFIG_FILE_UNREADABLE`, or the system's error where the copy cannot be written.
 */
export async function writeConfigCopy(
  original: string,
  copy: string,
  settings: ReadonlyMap<string, string>,
): Promise<void> {
  const read = await Promise.all([readFile(original, 'utf8'), ownerOf(original)]).catch((cause: unknown) => {
    throw unreadable(original, cause instanceof Error ? cause.message : String(cause), cause);
  });
  const [text, owner] = read;
  await replaceFile(copy, `${copy}.new`, editedConfig(text, settings, original), owner);
}

/** The text of a configuration file with these settings and none of the others that begin a cluster. Throws as `writeConfigCopy`. */
function editedConfig(text: string, settings: ReadonlyMap<string, string>, path: string): string {
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem !== undefined) throw unreadable(path, problem.message.split('\n')[0] ?? 'it is not YAML', problem);
  if (!isMap(document.contents)) throw unreadable(path, 'it is not a list of settings', undefined);
  for (const name of beginSettingNames) {
    if (!settings.has(name)) document.delete(name);
  }
  for (const [name, value] of settings) document.set(name, value);
  return document.toString({ lineWidth: 0 });
}

function unreadable(path: string, why: string, cause: unknown): AgentError {
  return new AgentError(
    'SUPERVISE_CONFIG_FILE_UNREADABLE',
    `the configuration file ${path} of etcd could not be read: ${why}`,
    {
      remedy: 'see that supervise.systemd.configFile is the file that the unit gives etcd, and that it is YAML',
      cause,
    },
  );
}
