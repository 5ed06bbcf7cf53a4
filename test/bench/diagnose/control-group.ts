import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = '/sys/fs/cgroup';
const groups = new Set<ControlGroup>();

process.on('exit', () => {
  for (const group of groups) group.release();
});

/** A control group of a bench's own that processes can be put into, in whichever version the machine has. */
export class ControlGroup {
  readonly #directory: string;
  readonly #parent: string;
  readonly #version: 1 | 2;

  /** Throws where the machine lets nobody make one. */
  constructor(controller: 'cpu' | 'memory', name: string) {
    this.#version = existsSync(join(root, 'cgroup.controllers')) ? 2 : 1;
    this.#parent = this.#version === 2 ? root : join(root, controller);
    if (this.#version === 2) writeFileSync(join(root, 'cgroup.subtree_control'), `+${controller}`);
    this.#directory = join(this.#parent, name);
    mkdirSync(this.#directory, { recursive: true });
    groups.add(this);
  }

  /** Lets its processes use so much of one CPU. */
  limitCpu(share: number): void {
    const quotaUs = Math.round(share * 100_000);
    if (this.#version === 2) this.#write('cpu.max', `${quotaUs} 100000`);
    else this.#write('cpu.cfs_quota_us', String(quotaUs));
  }

  /** Lets its processes have so much memory above what they have that cannot be dropped. */
  limitMemory(aboveBytes: number): void {
    const held = this.#version === 2 ? this.#stat('anon') : this.#stat('total_rss');
    this.#write(this.#version === 2 ? 'memory.max' : 'memory.limit_in_bytes', String(held + aboveBytes));
  }

  /** Puts a process in. The memory that it has stays where it is; what it starts from now on is in the group too. */
  add(pid: number): void {
    this.#write('cgroup.procs', String(pid));
  }

  /** Takes a process out again, with what it has started left in. */
  takeOut(pid: number): void {
    writeFileSync(join(this.#parent, 'cgroup.procs'), String(pid));
  }

  /** Puts its processes back where they came from, and removes it. */
  release(): void {
    groups.delete(this);
    for (const pid of readFileSync(join(this.#directory, 'cgroup.procs'), 'utf8').split('\n')) {
      if (pid !== '') writeFileSync(join(this.#parent, 'cgroup.procs'), pid);
    }
    rmdirSync(this.#directory);
  }

  #stat(name: string): number {
    const text = readFileSync(join(this.#directory, 'memory.stat'), 'utf8');
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#directory, name), text);
  }
}
