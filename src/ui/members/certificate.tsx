import type { JSX } from 'preact';
import type { AsJson } from '../../expose/as-json.ts';
import type { MemberBrief } from '../../expose/live/words.ts';
import { Icon } from '../frame/icon.tsx';
import { useNow } from '../frame/now.ts';

const DAY_MS = 86_400_000;

/** Below so many days somebody should look at what renews it. */
const SOON_DAYS = 14;

/** When the certificate that ends first does so. */
export function Certificate({
  certificate,
}: {
  readonly certificate: AsJson<MemberBrief>['certificate'];
}): JSX.Element {
  const now = useNow();
  if (certificate === undefined) return <>none known</>;
  const days = (Date.parse(certificate.notAfter) - now) / DAY_MS;
  const words = days < 0 ? `expired ${Math.ceil(-days)} d ago` : `${Math.floor(days)} d left`;
  return (
    <span class={days < SOON_DAYS ? 'short' : ''} title={`${certificate.subject}, until ${certificate.notAfter}`}>
      {days < SOON_DAYS ? <Icon name="warning" /> : undefined}
      {words} ({certificate.role})
    </span>
  );
}
