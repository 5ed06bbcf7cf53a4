import type { Config } from '../../config/config.ts';
import type { WritableFolder } from './writable-folders.ts';

/** What a unit is written for. */
export interface UnitPlan {
  readonly kind: Config['supervise']['kind'];
  /** The agent's program. */
  readonly program: string;
  /** Its configuration file. */
  readonly config: string;
  /** Left out: root. */
  readonly user?: string;
  readonly writable: readonly Pick<WritableFolder, 'path' | 'isNeeded'>[];
  /** What else the configuration names, all absolute paths: keys, programs. */
  readonly named?: readonly string[];
}

/** Folders of which systemd takes care itself (`RuntimeDirectory=`). */
const RUNTIME = '/run/etcd-caretaker';

const HOMES = /^\/(home|root|run\/user)\//;
const TMP = /^\/(tmp|var\/tmp)\//;

/**
 * What root needs of its powers: to look into data that are etcd's user's, to give what it restores to that user, and to see the files and the I/O of
 * etcd's process; with `child` also to end an etcd that another user has started.
 */
const CAPABILITIES = ['CAP_DAC_OVERRIDE', 'CAP_DAC_READ_SEARCH', 'CAP_CHOWN', 'CAP_FOWNER', 'CAP_SYS_PTRACE'];

/** The text of a unit for the agent: it may do what its configuration asks for, and nothing else. Settings: systemd.exec(5), of 247 and newer. */
export function systemdUnit({ kind, program, config, user, writable, named = [] }: UnitPlan): string {
  const folders = writable.filter(({ path }) => path !== RUNTIME);
  const needed = folders.filter(({ isNeeded }) => isNeeded === true).map(({ path }) => quoted(path, 'path'));
  const written = folders.map(({ path }) => path);
  const isAnyIn = (paths: readonly string[], places: RegExp): boolean => paths.some((path) => places.test(`${path}/`));
  const read = [program, config, ...named];
  return [
    '# The agent beside one etcd member. Written by `etcd-caretaker install systemd`, which writes it anew when it is asked again: changes go into a',
    '# drop-in (systemctl edit etcd-caretaker).',
    '[Unit]',
    'Description=etcd-caretaker, the agent beside this etcd member',
    'Wants=network-online.target',
    'After=network-online.target',
    ...(needed.length === 0 ? [] : [`RequiresMountsFor=${needed.join(' ')}`]),
    // However often it ends: what is not there yet (an address, a disk) comes later.
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${quoted(program, 'command')} agent --config ${quoted(config, 'command')}`,
    'Restart=always',
    'RestartSec=2',
    // Else its socket and its pause file would be in a /tmp of its own, where nobody looks.
    ...(user === undefined ? [] : [`User=${user}`, 'Environment=XDG_RUNTIME_DIR=/run']),
    // What systemd's supervisor writes there has to outlive the agent.
    'RuntimeDirectory=etcd-caretaker',
    // Etcd, which is another user, reads its overridden settings below it with `systemd`; sockets and pause files have rights of their own.
    `RuntimeDirectoryMode=${kind === 'systemd' ? '0711' : '0700'}`,
    'RuntimeDirectoryPreserve=yes',
    'UMask=0077',
    ...(kind === 'child' ? childLines : []),
    '',
    '# What it may do.',
    'NoNewPrivileges=yes',
    'ProtectSystem=strict',
    // A store that is not mounted must not keep the agent from etcd: `-`.
    ...folders.map(({ path, isNeeded }) => `ReadWritePaths=${isNeeded === true ? '' : '-'}${quoted(path, 'path')}`),
    `ProtectHome=${isAnyIn(written, HOMES) ? 'no' : isAnyIn(read, HOMES) ? 'read-only' : 'yes'}`,
    `PrivateTmp=${isAnyIn([...written, ...read], TMP) ? 'no' : 'yes'}`,
    'PrivateDevices=yes',
    'ProtectClock=yes',
    'ProtectControlGroups=yes',
    'ProtectHostname=yes',
    'ProtectKernelLogs=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelTunables=yes',
    'RestrictNamespaces=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'LockPersonality=yes',
    // Netlink: Node lists the machine's addresses by it.
    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
    'SystemCallArchitectures=native',
    'SystemCallFilter=@system-service',
    'SystemCallErrorNumber=EPERM',
    `CapabilityBoundingSet=${user === undefined ? [...CAPABILITIES, ...(kind === 'child' ? ['CAP_KILL'] : [])].join(' ') : ''}`,
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

const childLines = [
  '# Etcd is a process of this unit, and outlives the agent: only the agent itself is ended.',
  'KillMode=process',
  '# Nor does it end with an etcd that was killed for want of memory: it starts it again.',
  'OOMPolicy=continue',
  '# It needs as many files as it would get from a unit of its own.',
  'LimitNOFILE=65536',
];

/** A word of a command line or of a list of paths, with what systemd would take for more than itself made plain. */
function quoted(word: string, where: 'command' | 'path'): string {
  const literal = word.replaceAll('%', '%%');
  const plain = where === 'command' ? literal.replaceAll('$', '$$$$') : literal;
  return /^[\w./:=,@+%$-]+$/.test(plain) ? plain : `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
