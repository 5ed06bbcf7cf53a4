import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { happenings } from './annotations.ts';
import { frame } from './frame.ts';
import { diskPanels } from './member/disk.ts';
import { grpcPanels } from './member/grpc.ts';
import { networkPanels } from './member/network.ts';
import { objectivePanels } from './member/objectives.ts';
import { pressurePanels } from './member/pressure.ts';
import { processPanels } from './member/process.ts';
import { raftPanels } from './member/raft.ts';
import { storagePanels } from './member/storage.ts';
import { verdictPanels } from './member/verdict.ts';
import { memberVariables } from './variables.ts';

/** One member, from the verdict down to the device: the page for “is it my disk?”. */
export function memberDashboard(): Dashboard {
  return frame({
    uid: 'etcd-caretaker-member',
    title: 'etcd / Member',
    description:
      'One etcd member, from the verdict down to the device: is it the disk, the CPU, the network, or a client?',
    variables: memberVariables(),
    annotations: happenings('cluster="$cluster"'),
    from: 'now-3h',
    rows: [
      { title: 'Verdict', panels: verdictPanels },
      { title: 'Objectives', panels: objectivePanels },
      { title: 'Raft', panels: raftPanels },
      { title: 'Disk: etcd, over the probe, over the device', panels: diskPanels },
      { title: 'Pressure, and who has the I/O', panels: pressurePanels },
      { title: 'Network', panels: networkPanels },
      { title: 'Storage', panels: storagePanels },
      { title: 'gRPC', panels: grpcPanels },
      { title: 'Process and agent', panels: processPanels },
    ],
  });
}
