// Puts copies of the alerts' rules and of the dashboards into the Helm chart, which can read no file outside of its own folder. A test checks that they are current.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const files = join(root, 'deploy', 'helm', 'etcd-caretaker', 'files');
const dashboards = join(root, 'dashboards');

mkdirSync(join(files, 'dashboards'), { recursive: true });
const rules = readFileSync(join(root, 'alerts', 'etcd-caretaker.rules.yaml'), 'utf8');
// The heading tells of files that are not in the chart.
writeFileSync(join(files, 'rules.yaml'), rules.slice(rules.indexOf('\ngroups:') + 1));
for (const name of readdirSync(dashboards).filter((each) => each.endsWith('.json'))) {
  copyFileSync(join(dashboards, name), join(files, 'dashboards', name));
}
