export { formatBytes, formatCount, formatLatency, formatPercent, formatSpan } from '../cluster/units.ts';
