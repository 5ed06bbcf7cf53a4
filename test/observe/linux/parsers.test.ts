import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDeviceStat, withFlushesOf } from '../../../src/observe/linux/device-counters.ts';
import { deviceName } from '../../../src/observe/linux/device-number.ts';
import { settingsOfArguments, settingsOfEnvironment } from '../../../src/observe/linux/etcd-settings.ts';
import { flockHolder, isLocked } from '../../../src/observe/linux/lock-table.ts';
import { findMount, isWithin, type Mount, parseMountTable } from '../../../src/observe/linux/mount-table.ts';
import { parseStalls } from '../../../src/observe/linux/pressure-stalls.ts';
import { parseNulSeparated, parseProcessStat } from '../../../src/observe/linux/process-files.ts';
import { listensAt, parseListeningSockets } from '../../../src/observe/linux/socket-table.ts';
import { parseDistribution, virtualizationOf } from '../../../src/observe/linux/virtualization.ts';

/** A path component without what the kernel never shows: NUL and the slash. */
const component = fc.string({ minLength: 1, maxLength: 12, unit: 'binary' }).map((text) => text.replace(/[\0/]/g, '_'));
const path = fc.array(component, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`);

/** As `mangle_path` of the kernel writes it. */
function escaped(text: string): string {
  return text.replace(/[ \t\n\\#]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

const mount: fc.Arbitrary<Mount> = fc.record({
  id: fc.nat(),
  device: fc.tuple(fc.nat(4095), fc.nat(1_048_575)).map(([major, minor]) => `${major}:${minor}`),
  root: path,
  mountPoint: path,
  filesystemType: fc.constantFrom('ext4', 'xfs', 'overlay', 'fuse.sshfs'),
  source: component,
  readOnly: fc.boolean(),
});

function lineOf({ id, device, root, mountPoint, filesystemType, source, readOnly }: Mount, optional: string): string {
  const options = readOnly ? 'ro,relatime' : 'rw,relatime';
  return `${id} 1 ${device} ${escaped(root)} ${escaped(mountPoint)} ${options} ${optional}- ${filesystemType} ${escaped(source)} rw`;
}

describe('the mount table', () => {
  test('comes back as it was, with any names and any number of optional fields', () => {
    const optional = fc.constantFrom('', 'shared:1 ', 'shared:1 master:2 propagate_from:3 ', 'unbindable ');
    fc.assert(
      fc.property(fc.array(fc.tuple(mount, optional)), (lines) => {
        const text = lines.map(([entry, fields]) => `${lineOf(entry, fields)}\n`).join('');
        expect(parseMountTable(text)).toEqual(lines.map(([entry]) => entry));
      }),
    );
  });

  test('never fails on garbage', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseMountTable(text)));
  });

  test('names the longest mount point of the right device, and the last where one covers another', () => {
    const at = (id: number, mountPoint: string, device: string, filesystemType = 'ext4'): Mount => ({
      ...{ id, mountPoint, device, filesystemType },
      ...{ root: '/', source: 'x', readOnly: false },
    });
    const table = [
      at(1, '/', '8:1'),
      at(2, '/var', '8:2'),
      at(3, '/var/lib', '8:3'),
      at(4, '/var/lib', '8:3'),
      at(5, '/var/library', '8:5'),
    ];
    expect(findMount(table, '/var/lib/etcd', '8:3')?.id).toBe(4);
    expect(findMount(table, '/var/lib', '8:3')?.id).toBe(4);
    expect(findMount(table, '/var/lib/etcd', '8:2')?.id).toBe(2);
    expect(findMount(table, '/etc', '8:1')?.id).toBe(1);
    expect(findMount(table, '/var/lib/etcd', '0:99')).toBeUndefined();
    expect(findMount([...table, at(6, '/var', '0:44', 'btrfs')], '/var/lib/etcd', '0:99')?.id).toBe(6);
  });

  test('a path lies within its parents and within nothing that only begins alike', () => {
    fc.assert(
      fc.property(path, component, (directory, name) => {
        const below = directory === '/' ? `/${name}` : `${directory}/${name}`;
        expect(isWithin(below, directory)).toBe(true);
        expect(isWithin(directory, directory)).toBe(true);
        expect(isWithin(`${below}x`, below)).toBe(false);
      }),
    );
  });

  test('says read-only by the mount, by the file system and after an error of ext4', () => {
    const readOnly = (options: string, superOptions: string) =>
      parseMountTable(`1 0 8:1 / / ${options} - ext4 /dev/sda1 ${superOptions}`)[0]?.readOnly;
    expect(readOnly('rw', 'rw,errors=remount-ro')).toBe(false);
    expect(readOnly('ro,relatime', 'rw')).toBe(true);
    expect(readOnly('rw,relatime', 'ro')).toBe(true);
    expect(readOnly('rw', 'rw,emergency_ro')).toBe(true);
  });
});

test('a device number is read as glibc packs it', () => {
  expect(deviceName(0xfe00n)).toBe('254:0');
  fc.assert(
    fc.property(fc.bigInt(0n, 0xffff_ffffn), fc.bigInt(0n, 0xffff_ffffn), (major, minor) => {
      const packed =
        ((major & 0xfffn) << 8n) | ((major & ~0xfffn) << 32n) | (minor & 0xffn) | ((minor & ~0xffn) << 12n);
      expect(deviceName(packed)).toBe(`${major}:${minor}`);
    }),
  );
});

describe('the counters of a device', () => {
  const fields = fc.array(fc.nat(), { minLength: 11, maxLength: 17 });

  test('are in bytes and seconds, with flushes where the kernel has them', () => {
    fc.assert(
      fc.property(fields, (numbers) => {
        const counters = parseDeviceStat(`  ${numbers.map((n) => String(n).padStart(8)).join(' ')}\n`);
        expect(counters?.writtenBytes).toBe((numbers[6] ?? 0) * 512);
        expect(counters?.ioTimeSeconds).toBe((numbers[9] ?? 0) / 1000);
        expect(counters?.flushesCompleted).toBe(numbers.length === 17 ? numbers[15] : undefined);
      }),
    );
  });

  test('are none where the file is cut off or holds something else', () => {
    expect(parseDeviceStat('')).toBeUndefined();
    expect(parseDeviceStat('1 2 3 4 5 6 7 8 9 10')).toBeUndefined();
    expect(parseDeviceStat('1 2 3 4 5 6 7 8 9 10 nonsense')).toBeUndefined();
  });

  test('have the flushes of the disks, and none when one of them does not count them', () => {
    const disk = parseDeviceStat('1 0 8 1 1 0 8 1 0 1 1 0 0 0 0 7 2000');
    const old = parseDeviceStat('1 0 8 1 1 0 8 1 0 1 1');
    if (disk === undefined || old === undefined) throw new Error('the fixtures do not parse');
    expect(withFlushesOf(disk, [disk, disk])).toMatchObject({ flushesCompleted: 14, flushTimeSeconds: 4 });
    expect(withFlushesOf(disk, [disk, old])).not.toHaveProperty('flushesCompleted');
    expect(withFlushesOf(disk, [])).not.toHaveProperty('flushesCompleted');
  });
});

test('pressure comes back in seconds and ratios, whatever else is in the file', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(10_000), fc.string(), (microseconds, hundredths, noise) => {
      const percent = (hundredths / 100).toFixed(2);
      const text = `${noise.replaceAll('\n', ' ')}\nfull avg10=${percent} avg60=0.00 avg300=0.00 total=${microseconds}\n`;
      expect(parseStalls(text).at(-1)).toEqual({
        kind: 'full',
        stalledSeconds: microseconds / 1e6,
        avg10Ratio: hundredths / 10_000,
      });
    }),
  );
});

test('the stat of a process comes back with any command name', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), fc.nat(), fc.nat(), (command, user, system, start) => {
      const text = `7 (${command}) S 1 1 1 0 -1 0 1 0 0 0 ${user} ${system} 0 0 20 0 1 0 ${start} 1 1 1\n`;
      expect(parseProcessStat(text)).toEqual({
        command,
        state: 'S',
        cpuSeconds: (user + system) / 100,
        startTicks: start,
        majorFaults: 0,
      });
    }),
  );
  expect(parseProcessStat('')).toBeUndefined();
  expect(parseProcessStat('7 (etcd) S 1 1')).toBeUndefined();
});

describe('listening sockets', () => {
  const table = (...lines: string[]) => ['  sl  local_address rem_address   st', ...lines].join('\n');

  test('any IPv4 address and port, and only those that listen', () => {
    fc.assert(
      fc.property(
        fc.ipV4(),
        fc.nat(65_535),
        fc.nat(),
        fc.constantFrom('0A', '01', '06'),
        (address, port, inode, state) => {
          const bytes = Buffer.from(address.split('.').map(Number)).reverse().toString('hex').toUpperCase();
          const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
          const line = `   0: ${bytes}:${hexPort} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 0 0 ${inode} 1`;
          const expected = state === '0A' ? [{ address, port, inode: String(inode) }] : [];
          expect(parseListeningSockets(table(line))).toEqual(expected);
        },
      ),
    );
  });

  test('IPv6 in any notation, an IPv4 address in IPv6, every address, and names', () => {
    const line = (hex: string) => `0: ${hex}:094B ${'0'.repeat(32)}:0000 0A 0:0 00:0 0 0 0 9 1`;
    const [socket] = parseListeningSockets(table(line('B80D0120000000000000000001000000')));
    const [mapped] = parseListeningSockets(table(line('0000000000000000FFFF00000500000A')));
    const [any] = parseListeningSockets(table(line('0'.repeat(32))));
    if (socket === undefined || mapped === undefined || any === undefined) throw new Error('not parsed');
    expect(listensAt(socket, '[2001:0db8::0:1]', 2379)).toBe(true);
    expect(listensAt(socket, '2001:db8::2', 2379)).toBe(false);
    expect(listensAt(socket, '2001:db8::1', 2380)).toBe(false);
    expect(listensAt(mapped, '10.0.0.5', 2379)).toBe(true);
    expect(listensAt(any, '192.0.2.1', 2379)).toBe(true);
    expect(listensAt(socket, 'etcd-0.etcd', 2379)).toBe(true);
  });

  test('never fails on garbage', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseListeningSockets(text)));
  });
});

test('the holder of a lock is named by device and inode, and only where it can be seen', () => {
  const locks = [
    '1: POSIX  ADVISORY  WRITE 5 103:03:42 0 EOF',
    '2: FLOCK  ADVISORY  WRITE 0 103:03:42 0 EOF',
    '3: FLOCK  ADVISORY  WRITE 77 103:03:42 0 EOF',
    '4: FLOCK  ADVISORY  WRITE 78 08:01:42 0 EOF',
  ].join('\n');
  expect(flockHolder(locks, { device: '259:3', inode: 42n })).toBe(77);
  expect(flockHolder(locks, { device: '8:1', inode: 42n })).toBe(78);
  expect(flockHolder(locks, { device: '8:1', inode: 43n })).toBeUndefined();
  // Of whatever kind and by whomever.
  expect([42n, 43n, 4n, 420n].map((inode) => isLocked(locks, inode))).toEqual([true, false, false, false]);
  const ofDescription = '5: OFDLCK ADVISORY  WRITE -1 08:01:7 0 EOF';
  const waiting = '6: -> FLOCK  ADVISORY  WRITE 79 00:2a:8 0 EOF';
  expect([isLocked(ofDescription, 7n), isLocked(waiting, 8n), isLocked('', 7n)]).toEqual([true, true, false]);
});

describe('settings of etcd', () => {
  test('a flag comes back from every way to write it', () => {
    const word = fc.string({ minLength: 1 }).filter((text) => !text.startsWith('-') && !text.includes('\0'));
    fc.assert(
      fc.property(word, (value) => {
        const read = (...words: string[]) => settingsOfArguments(parseNulSeparated(`etcd\0${words.join('\0')}\0`));
        expect(read(`--data-dir=${value}`)).toEqual({ 'data-dir': value });
        expect(read(`-data-dir=${value}`)).toEqual({ 'data-dir': value });
        expect(read('--data-dir', value, '--debug')).toEqual({ 'data-dir': value });
        expect(settingsOfEnvironment([`ETCD_DATA_DIR=${value}`])).toEqual({ 'data-dir': value });
      }),
    );
  });

  test('nothing that is not known to matter is kept', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z-]{1,30}$/), fc.string(), (name, value) => {
        fc.pre(!['name', 'data-dir', 'wal-dir'].includes(name));
        const kept = settingsOfArguments([`--x-${name}=${value}`, '--initial-cluster-token=t']);
        expect(kept).toEqual({});
        expect(settingsOfEnvironment([`PASSWORD=${value}`, `ETCD_X_${name}=${value}`])).toEqual({});
      }),
    );
  });
});

test.each([
  ['NAME="Alpine Linux"\nPRETTY_NAME="Alpine Linux v3.22"\n', 'Alpine Linux v3.22'],
  ["NAME='Flatcar'\nID=flatcar", 'Flatcar'],
  ['NAME=Void\n', 'Void'],
  ['', 'unknown'],
])('the distribution in %j is %s', (osRelease, name) => {
  expect(parseDistribution(osRelease)).toBe(name);
});

test.each([
  [{ dmi: 'QEMU Standard PC (Q35 + ICH9, 2009)' }, 'kvm'],
  [{ dmi: 'Amazon EC2 m6i.large' }, 'amazon-nitro'],
  [{ dmi: 'Microsoft Corporation Virtual Machine' }, 'hyper-v'],
  [{ dmi: 'Dell Inc. PowerEdge R650', cpuinfo: 'flags\t\t: fpu vme' }, 'none'],
  [{ dmi: ' ', cpuinfo: 'flags\t\t: fpu hypervisor lahf_lm' }, 'vm'],
  [{ hypervisor: 'xen' }, 'xen'],
  [{ dmi: 'QEMU', container: 'docker' }, 'container (docker)'],
  [{}, 'none'],
])('the machine of %j is %s', (hints, word) => {
  expect(virtualizationOf(hints)).toBe(word);
});
