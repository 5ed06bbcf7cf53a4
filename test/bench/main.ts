/** A benchmark by its name. Each is loaded when it is run, so that it measures itself and not the others. */
const benches: Readonly<Record<string, () => Promise<(args: readonly string[]) => Promise<void>>>> = {
  backup: async () => (await import('./backup.ts')).backup,
  diagnose: async () => (await import('./diagnose.ts')).diagnose,
  heal: async () => (await import('./heal.ts')).heal,
  keyspace: async () => (await import('./keyspace.ts')).keyspace,
  maintain: async () => (await import('./maintain.ts')).maintain,
  observe: async () => (await import('./observe.ts')).observe,
  soak: async () => (await import('./soak.ts')).soak,
  status: async () => (await import('./status.ts')).status,
  ui: async () => (await import('./ui.ts')).ui,
  upgrade: async () => (await import('./upgrade.ts')).upgrade,
};

const [name = '', ...args] = process.argv.slice(2);
const load = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (load === undefined) {
  console.error(`usage: npm run bench -- NAME, where NAME is one of: ${Object.keys(benches).join(', ')}`);
  process.exitCode = 2;
} else {
  const run = await load();
  await run(args);
}
