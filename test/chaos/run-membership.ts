import { membershipOf, stepsOf } from '../operate/membership.ts';
import { operating } from '../operate/operating.ts';
import { replaceResumed, stepPoints } from '../operate/replace-faults.ts';

/** The lines of etcd whose replacements are looked at. */
const VERSIONS = ['3.4', '3.5'] as const;

/** Of five members one is replaced by a sixth, which is added before the broken one goes. Says what is not as it must be. */
async function addedFirst(): Promise<readonly string[]> {
  await using on = await operating({ members: 5, spares: 1 });
  const at = membershipOf(on);
  const { peerUrl, name } = at.member('m6');
  const agentId = `candidate:${name}`;
  const parameters = await at.replacing('m5', { name, agentId, peerUrls: [peerUrl], order: 'add-first' });
  await at.wipe('m5');
  const entry = await at.run(await at.begin('replace', parameters, [String(parameters['victim']), agentId]));
  const { members } = await on.observe();
  const names = members.map((member) => member.name).toSorted();
  return [
    ...(entry?.outcome === 'succeeded' ? [] : [`it ended as ${entry?.outcome} (${entry?.summary})`]),
    ...(names.join() === 'm1,m2,m3,m4,m6' ? [] : [`the members are ${names.join()}`]),
    ...(stepsOf(entry).indexOf('add-learner') < stepsOf(entry).indexOf('remove-member')
      ? []
      : ['it was removed first']),
  ];
}

/** Lets the leading agent end at every step of a replacement, one replacement for each. Gives how many did not end well. */
export async function runMembership(): Promise<number> {
  const first = await addedFirst();
  console.log(`etcd 3.5, five members, add first: ${first.length === 0 ? 'ok' : `FAILED ${first.join('; ')}`}`);
  let failed = Math.min(first.length, 1);
  for (const version of VERSIONS) {
    await using on = await operating({ members: 3, version });
    const at = membershipOf(on);
    for (const [index, point] of stepPoints.entries()) {
      const name = index % 2 === 0 ? 'm2' : 'm3';
      const startedMs = performance.now();
      const { died, problems } = await replaceResumed(on, at, name, point);
      const took = `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
      const wrong = [...(died ? [] : ['the first leader did not come to it']), ...problems];
      if (wrong.length > 0) failed += 1;
      const said = wrong.length === 0 ? `ok (${took})` : `FAILED (${took}) ${wrong.join('; ')}`;
      console.log(`etcd ${version}, ${point.when} ${point.step}: ${said}`);
    }
  }
  console.log(`${1 + VERSIONS.length * stepPoints.length} replacements, ${failed} of them not well`);
  return failed;
}
