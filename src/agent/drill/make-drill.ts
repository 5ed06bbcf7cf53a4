import { markDamaged } from '../../backup/drill/mark-damaged.ts';
import { markProven } from '../../backup/drill/mark-proven.ts';
import { drill } from '../../backup/drill.ts';
import { decryptionFromFiles } from '../../backup/key-files.ts';
import { placeOf } from '../../backup/store/claim.ts';
import { openStore } from '../../backup/store/open-store.ts';
import { storeAt } from '../../backup/store/place.ts';
import { AgentError } from '../../cluster/agent-error.ts';
import { findBinaries } from '../../distribution/find-binaries.ts';
import { s3Options } from '../backup/settings.ts';
import type { ErrandResult } from '../caretaker/errands.ts';
import { connectTo } from '../clients.ts';
import { drillFolder } from './drill-folder.ts';
import type { DrillPlan } from './drill-plan.ts';
import { errandResult } from './drill-result.ts';

/**
 * Makes a drill as an agent is configured for it: restores the newest chain of a store, compares it with the own member, and
 * marks the chain as proven, or as broken where it is damaged. Throws what keeps it from beginning; what goes wrong in it is in the result.
 */
export async function makeDrill(
  { config, owner, store: index, binaries }: DrillPlan,
  signal: AbortSignal,
): Promise<ErrandResult> {
  const { backup, member } = config;
  const url = backup.store[index];
  if (url === undefined) {
    throw new AgentError('STORE_UNKNOWN', `This agent has no backup.store number ${index + 1}.`, {
      remedy: 'Give all agents the same backup.store, in the same order.',
    });
  }
  const { identityFile } = backup.encryption;
  const decryption = identityFile === undefined ? undefined : await decryptionFromFiles([identityFile]);
  await using whole = openStore(url, { s3: s3Options(backup, () => undefined) });
  const store = storeAt(whole, placeOf(owner));
  const swept: string[] = [];
  const live = connectTo(config, member.name, member.endpoint);
  try {
    const result = await drill(
      {
        ...{ store, live, binaries: findBinaries(process.env, binaries), folder: drillFolder(backup) },
        ...(decryption === undefined ? {} : { decryption }),
        onSwept: (folders) => swept.push(...folders),
      },
      signal,
    );
    const made = withSwept(errandResult(result, { url, store: index }), swept);
    if (result.outcome === 'failed') {
      const problem = await markDamaged(store, signal);
      return problem === undefined
        ? made
        : {
            ...made,
            summary: `${made.summary} Whether it is damaged in the store could not be marked there: ${problem}`,
          };
    }
    if (result.outcome !== 'passed') return made;
    const problem = await markProven(store, result.proof.full, signal);
    if (problem === undefined) return made;
    return { ...made, summary: `${made.summary} It could not be marked so in the store: ${problem}` };
  } finally {
    live.close();
  }
}

function withSwept(made: ErrandResult, swept: readonly string[]): ErrandResult {
  if (swept.length === 0) return made;
  return { ...made, summary: `${made.summary} What drills that were killed had left is removed: ${swept.join(', ')}.` };
}
