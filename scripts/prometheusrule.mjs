// Makes alerts/etcd-caretaker.prometheusrule.yaml of the plain rules: the same text, one level deeper. With `--runbooks URL` it
// goes to stdout instead, and its runbook_urls begin with that URL.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'alerts');
const rulesFile = join(folder, 'etcd-caretaker.rules.yaml');
const prometheusRuleFile = join(folder, 'etcd-caretaker.prometheusrule.yaml');

/** Where runbook_urls of the committed files begin; nothing is there, and who installs them puts their own in its place. */
const placeholder = 'https://etcd-caretaker.example/runbooks';

const prometheusRule = (rules) =>
  [
    '# Made of etcd-caretaker.rules.yaml: npm run alerts.',
    'apiVersion: monitoring.coreos.com/v1',
    'kind: PrometheusRule',
    'metadata:',
    '  name: etcd-caretaker',
    '  labels:',
    '    app.kubernetes.io/name: etcd-caretaker',
    'spec:',
    ...rules
      .slice(rules.indexOf('\ngroups:') + 1)
      .trimEnd()
      .split('\n')
      .map((line) => (line === '' ? '' : `  ${line}`)),
    '',
  ].join('\n');

const [flag, url, ...rest] = process.argv.slice(2);
if ((flag !== undefined && (flag !== '--runbooks' || url === undefined)) || rest.length > 0) {
  process.stderr.write('usage: node scripts/prometheusrule.mjs [--runbooks URL]\n');
  process.exit(2);
}
const text = prometheusRule(readFileSync(rulesFile, 'utf8'));
if (url === undefined) {
  writeFileSync(prometheusRuleFile, text);
} else {
  process.stdout.write(text.replaceAll(placeholder, url.replace(/\/$/, '')));
}
