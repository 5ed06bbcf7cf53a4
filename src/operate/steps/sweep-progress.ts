import type { JournalValue, Slot } from '../../cluster/caretaking.ts';
import type { MemberStatus } from '../../cluster/sections.ts';
import type { Defragmented } from './defragment-member.ts';

/** So few free pages are left by a defragmentation, of the whole file. */
const LEFT_RATIO = 0.1;

/** A defragmentation that was announced and has not been confirmed. */
export interface Announced {
  readonly memberId: string;
  readonly bytesBefore: number;
}

/** What a sweep has to remember across leaders, read from a slot's progress; whatever is in there. */
export interface SweepProgress {
  /** Member ids. */
  readonly defragmented: readonly string[];
  readonly measured: ReadonlyMap<string, Defragmented>;
  readonly announced?: Announced;
}

/** Reads it; what cannot be understood is left out. */
export function sweepProgressOf({ progress }: Slot): SweepProgress {
  const { defragmented, measured, announced } = progress;
  const [under] = entriesOf({ announced: announced ?? null });
  return {
    defragmented: Array.isArray(defragmented) ? defragmented.filter((id) => typeof id === 'string') : [],
    measured: new Map(
      entriesOf(measured ?? null).flatMap(([id, { seconds, bytesBefore, bytesAfter }]) =>
        typeof seconds === 'number' && typeof bytesBefore === 'number' && typeof bytesAfter === 'number'
          ? [[id, { seconds, bytesBefore, bytesAfter }]]
          : [],
      ),
    ),
    ...(typeof under?.[1]['memberId'] === 'string'
      ? { announced: { memberId: under[1]['memberId'], bytesBefore: Number(under[1]['bytesBefore'] ?? 0) } }
      : {}),
  };
}

/** For the step that announces one. */
export function announce({ memberId, bytesBefore }: Announced): Record<string, JournalValue> {
  return { announced: { memberId, bytesBefore } };
}

/** For the note that confirms it. */
export function confirm(
  defragmented: Iterable<string>,
  measured: ReadonlyMap<string, Defragmented>,
): Record<string, JournalValue> {
  const figures = [...measured].map(([id, figure]): [string, JournalValue] => [id, { ...figure }]);
  return { defragmented: [...defragmented], measured: Object.fromEntries(figures), announced: null };
}

/**
 * Whether a defragmentation that was announced has been made, as the idle member looks now. Where nothing tells it is made
 * again, which does no harm.
 */
export function wasMade({ bytesBefore }: Announced, { dbSizeBytes, dbSizeInUseBytes }: MemberStatus): boolean {
  return dbSizeBytes < bytesBefore || dbSizeBytes - dbSizeInUseBytes < LEFT_RATIO * dbSizeBytes;
}

type Fields = { readonly [name: string]: JournalValue };

function entriesOf(value: JournalValue): readonly [string, Fields][] {
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([name, fields]): [string, Fields][] =>
    isFields(fields) ? [[name, fields]] : [],
  );
}

function isFields(value: JournalValue): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
