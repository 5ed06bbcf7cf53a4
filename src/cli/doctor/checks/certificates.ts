import { formatSpan } from '../../units.ts';
import { type Check, found, type Line, ok, skipped, unread } from '../check.ts';

/** What the collector found wrong with certificates in files and as endpoints serve them, and which one expires first. */
export const certificatesCheck: Check = {
  group: 'certificates',
  examine: ({ observation, nowMs }) => {
    const reading = observation.sections.certificates;
    if (reading?.value === undefined) return [unread(reading?.fault)];
    const { certificates, findings } = reading.value;
    const lines: Line[] = findings.map(found);
    const [next] = certificates.toSorted((a, b) => a.notAfterMs - b.notAfterMs);
    if (next === undefined) return lines.length === 0 ? [skipped('no certificates are in use')] : lines;
    const leftSeconds = (next.notAfterMs - nowMs) / 1000;
    if (lines.length > 0 || leftSeconds <= 0) return lines;
    const serials = new Set(certificates.map(({ serial }) => serial));
    return [
      ok(
        `${serials.size} certificates in ${certificates.length} places are valid; the first expires in ${formatSpan(leftSeconds)}: ${next.subject} (${next.source})`,
      ),
    ];
  },
};
