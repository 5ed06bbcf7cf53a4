import { findLinter, installLinter, lint } from './linter.ts';

// What `npm run dashboards:lint` runs: Grafana's own linter on every dashboard; exit code 3 where it cannot be had.
const refused = findLinter() === undefined ? installLinter() : undefined;
const linter = findLinter();
if (linter === undefined) {
  console.error(`dashboard-linter cannot be installed here: ${refused ?? 'it was not built'}`);
  console.error('Its rules are held by test/dashboards/rules.test.ts all the same.');
  process.exitCode = 3;
} else {
  const findings = lint(linter);
  console.log(findings === '' ? 'dashboard-linter finds nothing' : findings);
  process.exitCode = findings === '' ? 0 : 1;
}
