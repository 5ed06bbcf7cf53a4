import * as z from 'zod';
import { choice, duration, flag, integer } from '../leaves.ts';

const secondMs = 1000;
const dayMs = 86_400_000;

const quarantineSection = z
  .strictObject({
    keep: duration(
      'How long an old data dir is kept beside the new one. Where the disk gets full the oldest goes earlier.',
      0,
      365 * dayMs,
    ).prefault('72h'),
  })
  .meta({ description: 'What becomes of data that were replaced.' })
  .transform(({ keep }) => ({ keepMs: keep }));

/** What is done about broken members. */
export const healSection = z
  .strictObject({
    mode: choice(
      'Whether broken members are replaced, and new ones taken in: `off`, `plan` (only publish it) or `auto`. Only where `supervise.kind` says how.',
      ['off', 'plan', 'auto'],
    ).prefault('auto'),
    replaceAfter: duration(
      'How long a member must have been dead, by the word of at least two observers, before it is replaced. Data that are known to be gone are not waited for.',
      secondMs,
      7 * dayMs,
    ).prefault('5m'),
    maxPerDay: integer('Members replaced in 24 hours.', 0, 50).prefault(3),
    withoutBackup: flag('Consent to replacing members while there is no backup that is young enough.').prefault(false),
    quorumLoss: choice(
      'What is done when the quorum is lost for good: `manual` (a person says `recover --apply`) or `auto`, once every configured agent has been heard.',
      ['manual', 'auto'],
    ).prefault('manual'),
    quorumLossAfter: duration('How long the quorum must have been lost for `auto`.', secondMs, dayMs).prefault('2m'),
    quarantine: quarantineSection.prefault({}),
  })
  .meta({ description: 'What is done about broken members: see docs/healing.md.' })
  .transform(({ replaceAfter, quorumLossAfter, ...rest }) => ({
    ...rest,
    replaceAfterMs: replaceAfter,
    quorumLossAfterMs: quorumLossAfter,
  }));
