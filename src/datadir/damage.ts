import type { DataDirState } from '../cluster/own-member.ts';

type Corrupt = Extract<DataDirState, { state: 'corrupt' }>;

/** What was read is not as etcd writes it. */
export class Damage extends Error {
  readonly part: Corrupt['part'];

  /** @param message one sentence without its full stop: what is wrong and where */
  constructor(part: Corrupt['part'], message: string) {
    super(message);
    this.part = part;
  }
}

/** What was read can be neither called whole nor damaged. */
export class Unreadable extends Error {}
