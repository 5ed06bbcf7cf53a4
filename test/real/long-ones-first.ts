import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest: begun last, one of them would run on alone. What starts many processes is not side by side. */
const longOnes: readonly string[] = [
  'test/chaos/chaos.test.ts',
  'test/e2e/alerts.test.ts',
  'test/cli/restore/prefix.test.ts',
  'test/cli/doctor/faults.test.ts',
  'test/backup/store/s3-faults.test.ts',
  'test/chaos/heal/heal.test.ts',
  'test/etcd/kept-lease.test.ts',
  'test/demo/demo.test.ts',
  'test/agent/caretaker/nospace.test.ts',
  'test/backup/restore/restore.test.ts',
  'test/agent/agent.test.ts',
  'test/cli/doctor/healthy.test.ts',
  'test/agent/caretaker/acting-places.test.ts',
];

/** Begins with the files that take longest, and leaves the others in vitest's own order. */
export class LongOnesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = longOnes.findIndex((path) => moduleId.endsWith(path));
      return index === -1 ? longOnes.length : index;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
