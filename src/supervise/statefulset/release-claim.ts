import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { ClaimRelease } from '../../cluster/pod-set.ts';
import type { KubeApi } from './kube-api.ts';
import type { PodState, VolumeState } from './kube-objects.ts';
import { nodeGone } from './node-gone.ts';

/** Whom a volume was kept for, in its annotations. */
export interface ReleaseMarks {
  readonly member: string;
  readonly statefulSet: string;
  /** Wall clock, for people. */
  readonly atMs: number;
}

/** A volume with this label was let go of: its claim is gone, and it holds the data of a member that was replaced. Agents never delete it. */
export const QUARANTINE_LABEL = 'etcd-caretaker.io/quarantine';
const ANNOTATIONS = 'etcd-caretaker.io/';
/** Since when a volume is kept for a release: it may be in use still, or again. */
const BEGUN_ANNOTATION = `${ANNOTATIONS}release-begun-at`;

type ReleaseApi = Pick<
  KubeApi,
  'pod' | 'claim' | 'volume' | 'node' | 'nodes' | 'keepVolume' | 'deleteClaim' | 'deletePod'
>;

/**
 * Works out what has to be let go of so that the StatefulSet can bring a pod up elsewhere; changes nothing. Undefined where there is
 * nothing: the claim is gone, or is not bound. Throws `CLAIM_AMBIGUOUS`, `NODE_NOT_GONE`, `KubeError`.
 * @param names with the claim that holds the member's data, or with the templates of the set's claims, where there is only one of the pod's own
 */
export async function planRelease(
  names: { readonly pod: string } & ({ readonly claim: string } | { readonly claimTemplates: readonly string[] }),
  api: ReleaseApi,
  signal: AbortSignal,
): Promise<ClaimRelease | undefined> {
  const pod = await api.pod(names.pod, signal);
  const claimName = 'claim' in names ? names.claim : onlyClaimOf(names.pod, names.claimTemplates, pod);
  const claim = await api.claim(claimName, signal);
  if (claim?.volume === undefined) return undefined;
  const volume = await api.volume(claim.volume, signal);
  // Not there yet is another thing than gone: Kubernetes tells them apart.
  if (volume === undefined && !claim.isLost) return undefined;
  if (volume !== undefined && volume.claimUid !== claim.uid)
    throw ambiguous(names.pod, `the volume ${volume.name} is not bound to ${claim.name}`);
  const found = await nodeGone(
    { ...(pod === undefined ? {} : { pod }), volume: volume ?? { name: claim.volume } },
    api,
    signal,
  );
  if (found.verdict !== 'gone') {
    throw new AgentError('NODE_NOT_GONE', `The claim of ${names.pod} is not let go of: ${found.message}.`, {
      member: names.pod,
      remedy:
        'Where the machine is off for good, delete the node, or taint it with node.kubernetes.io/out-of-service=nodeshutdown:NoExecute.',
    });
  }
  return {
    ...{ pod: names.pod, claim: claim.name, claimUid: claim.uid, volume: claim.volume, proof: found.proof },
    ...(pod === undefined ? {} : { podUid: pod.uid }),
  };
}

/**
 * Lets go of it: the volume is set to be kept, then the claim is deleted, then the pod, each only if it is still the one that was planned. Once
 * the claim is gone the volume is called one in quarantine: before that it may come into use again. Done again it goes on where it was. Gives what is still there: `nothing` once Kubernetes has taken both away.
 * Nothing is ever forced: a pod whose node is gone is taken away by Kubernetes itself.
 * Throws `NODE_NOT_GONE` where the node is back before the claim was deleted, `VOLUME_NOT_KEPT`, `KubeError`.
 * @param check asked right before each change; throws where the right to make it is lost
 */
export async function releaseClaim(
  plan: ClaimRelease,
  marks: ReleaseMarks,
  api: ReleaseApi,
  { signal, check }: { readonly signal: AbortSignal; readonly check: () => void },
): Promise<'nothing' | 'pod' | 'claim'> {
  const claim = await api.claim(plan.claim, signal);
  if (claim?.uid === plan.claimUid) {
    // Its node may be back, and then nothing is changed. A volume whose claim is on its way out already is kept in any case.
    if (!claim.isDeleted) await planRelease({ pod: plan.pod, claim: plan.claim }, api, signal);
    await keep(plan, marks, api, { signal, check });
  }
  if (claim?.uid === plan.claimUid && !claim.isDeleted) {
    // Read anew: its version may be another one by now, and so may its node.
    const again = await planRelease({ pod: plan.pod, claim: plan.claim }, api, signal);
    const now = await api.claim(plan.claim, signal);
    if (again !== undefined && now?.uid === plan.claimUid && !now.isDeleted) {
      check();
      await unlessReplaced(api.deleteClaim(now, signal));
    }
  }
  const pod = await api.pod(plan.pod, signal);
  const isSamePod = pod !== undefined && pod.uid === plan.podUid;
  if (isSamePod && pod.deletion === undefined) {
    check();
    await unlessReplaced(api.deletePod(pod, signal));
  }
  if ((await api.claim(plan.claim, signal))?.uid === plan.claimUid) return 'claim';
  await quarantine(plan, marks, api, { signal, check });
  return plan.podUid !== undefined && (await api.pod(plan.pod, signal))?.uid === plan.podUid ? 'pod' : 'nothing';
}

/** The volume outlives its claim from here on; that is read back before anything else. */
async function keep(
  plan: ClaimRelease,
  { member, statefulSet, atMs }: ReleaseMarks,
  api: ReleaseApi,
  { signal, check }: { readonly signal: AbortSignal; readonly check: () => void },
): Promise<void> {
  const before = await api.volume(plan.volume, signal);
  if (before === undefined || (isKept(before) && before.annotations[BEGUN_ANNOTATION] !== undefined)) return;
  if (before.claimUid !== plan.claimUid)
    throw ambiguous(plan.pod, `the volume ${plan.volume} is bound to another claim by now`);
  check();
  await api.keepVolume(
    before,
    {
      annotations: {
        [`${ANNOTATIONS}member`]: member,
        [`${ANNOTATIONS}statefulset`]: statefulSet,
        [`${ANNOTATIONS}claim`]: plan.claim,
        [BEGUN_ANNOTATION]: new Date(atMs).toISOString(),
      },
    },
    signal,
  );
  const after = await api.volume(plan.volume, signal);
  if (after !== undefined && isKept(after)) return;
  throw new AgentError(
    'VOLUME_NOT_KEPT',
    `The volume ${plan.volume} was set to Retain, and is not so when read again.`,
    {
      member,
      remedy: 'See what else changes PersistentVolumes there; the claim has not been deleted.',
    },
  );
}

function isKept({ reclaimPolicy }: Pick<VolumeState, 'reclaimPolicy'>): boolean {
  return reclaimPolicy === 'Retain';
}

/** Tells people that nothing uses the volume any more: its claim, by uid, is gone, and with it every pod that might have had it. */
async function quarantine(
  plan: ClaimRelease,
  { member, statefulSet, atMs }: ReleaseMarks,
  api: ReleaseApi,
  { signal, check }: { readonly signal: AbortSignal; readonly check: () => void },
): Promise<void> {
  const volume = await api.volume(plan.volume, signal);
  // Gone, in use by another claim by now, or called so already.
  if (volume?.claimUid !== plan.claimUid || volume.labels[QUARANTINE_LABEL] === 'true') return;
  check();
  await api.keepVolume(
    volume,
    {
      labels: { [QUARANTINE_LABEL]: 'true' },
      annotations: {
        [`${ANNOTATIONS}member`]: member,
        [`${ANNOTATIONS}statefulset`]: statefulSet,
        [`${ANNOTATIONS}claim`]: plan.claim,
        [`${ANNOTATIONS}quarantined-at`]: new Date(atMs).toISOString(),
        [`${ANNOTATIONS}reason`]: plan.proof,
      },
    },
    signal,
  );
}

/** Another one has taken its name, or it has changed: the next look says which. */
async function unlessReplaced(deleting: Promise<void>): Promise<void> {
  await deleting.catch((error: unknown) => {
    if (faultOf(error).code !== 'KUBE_CONFLICT') throw error;
  });
}

/** The claims that a StatefulSet makes for a pod alone, of its templates. What else a pod mounts other pods may mount too: backups, for one. */
export function ownClaims(pod: string, claimTemplates: readonly string[]): readonly string[] {
  return claimTemplates.map((template) => `${template}-${pod}`);
}

/** @param pod absent where there is none just now: its claim is called the same then */
function onlyClaimOf(name: string, claimTemplates: readonly string[], pod: PodState | undefined): string {
  const own = ownClaims(name, claimTemplates);
  const [claim, ...more] = pod === undefined ? own : own.filter((each) => pod.claims.includes(each));
  if (claim !== undefined && more.length === 0) return claim;
  if (claim === undefined) throw ambiguous(name, 'it has none of its own, by a volumeClaimTemplate of its set');
  throw ambiguous(name, `it has several: ${[claim, ...more].join(', ')}`);
}

function ambiguous(pod: string, why: string): AgentError {
  return new AgentError('CLAIM_AMBIGUOUS', `It is not known which claim holds the data of ${pod}: ${why}.`, {
    member: pod,
    remedy: 'Let go of it by hand: docs/supervise-statefulset.md says in which order.',
  });
}
