import { membershipOf } from '../operate/membership.ts';
import { operating } from '../operate/operating.ts';
import { replaceResumed, stepPoints } from '../operate/replace-faults.ts';

/** The lines of etcd whose replacements are looked at. */
const VERSIONS = ['3.4', '3.5'] as const;

/** Lets the leading agent end at every step of a replacement, one replacement for each. Gives how many did not end well. */
export async function runMembership(): Promise<number> {
  let failed = 0;
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
  console.log(`${VERSIONS.length * stepPoints.length} points, ${failed} of them not well`);
  return failed;
}
