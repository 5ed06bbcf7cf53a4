/** What tells a virtual machine or a container. */
export interface VirtualizationHints {
  /** `/proc/cpuinfo`. */
  readonly cpuinfo?: string;
  /** `/sys/class/dmi/id/sys_vendor` and `product_name`, in one text. */
  readonly dmi?: string;
  /** `/sys/hypervisor/type`. */
  readonly hypervisor?: string;
  /** `/proc/1/cgroup`, or what `/run/systemd/container` says. */
  readonly container?: string;
}

/** How vendors name their machines in DMI, and what runs under the name. */
const MACHINES: readonly (readonly [RegExp, string])[] = [
  [/amazon ec2/i, 'amazon-nitro'],
  [/google/i, 'google-compute-engine'],
  [/vmware/i, 'vmware'],
  [/virtualbox|innotek/i, 'virtualbox'],
  [/microsoft.*virtual machine/i, 'hyper-v'],
  [/openstack/i, 'openstack'],
  [/kvm|qemu|bochs|red hat/i, 'kvm'],
  [/xen/i, 'xen'],
];

/** What the machine is, in one word: `none` for bare metal; `vm` where only that much is known. */
export function virtualizationOf({ cpuinfo = '', dmi = '', hypervisor, container }: VirtualizationHints): string {
  if (container !== undefined && container !== '') return `container (${container})`;
  const machine = MACHINES.find(([pattern]) => pattern.test(dmi))?.[1];
  if (machine !== undefined) return machine;
  if (hypervisor !== undefined && hypervisor !== '') return hypervisor;
  return /^flags\s*:.*\bhypervisor\b/m.test(cpuinfo) ? 'vm' : 'none';
}

/** The distribution's name in an os-release(5) file: `PRETTY_NAME`, else `NAME`, else `unknown`. */
export function parseDistribution(osRelease: string): string {
  for (const key of ['PRETTY_NAME', 'NAME']) {
    const value = new RegExp(`^${key}=(?:"(.*)"|'(.*)'|(.*))$`, 'm').exec(osRelease);
    const name = value?.[1] ?? value?.[2] ?? value?.[3];
    if (name !== undefined && name !== '') return name;
  }
  return 'unknown';
}
