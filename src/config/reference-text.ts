/** A file that shows the usual keys; the reference prints it, and a test loads it. */
export const exampleFile = `member:
  name: node-1
  endpoint: https://10.0.0.1:2379
  dataDir: /var/lib/etcd
cluster:
  name: production
  tls:
    ca: /etc/kubernetes/pki/etcd/ca.crt
    cert: /etc/kubernetes/pki/apiserver-etcd-client.crt
    key: /etc/kubernetes/pki/apiserver-etcd-client.key
observe:
  interval: 10s
  keyspace:
    depth: 3
expose:
  listen: 0.0.0.0:9379
  tls:
    cert: /etc/etcd-caretaker/agent.crt
    key: /etc/etcd-caretaker/agent.key
  auth:
    tokenFile: /etc/etcd-caretaker/token
`;

/** What the reference says before the keys. */
export const introduction = `# Configuration

<!-- Written by \`npm run docs:config\` from the schema in src/config; a test checks that it is current. -->

A key can be set in three places; the later wins, and what is set nowhere has a default:

1. the YAML file behind \`--config\`,
2. an environment variable: \`ETCD_CARETAKER_\`, then the key's path in capitals, with two underscores between section
   and key and one between the words of a name (\`member.dataDir\` is \`ETCD_CARETAKER_MEMBER__DATA_DIR\`),
3. \`--set key.path=value\` on the command line, as often as needed.

In the environment and behind \`--set\`, the elements of a list are separated by commas; those of \`maintenance.windows\` by
semicolons, since crontab fields have commas.

\`\`\`yaml
${exampleFile}\`\`\`

\`etcd-caretaker config check --config FILE\` says whether a configuration is good, \`config print\` shows every effective
value and where it came from, \`config schema\` prints the JSON Schema for editors. \`member.name\` and \`member.dataDir\`
must be set; everything else can be left out.

**Durations** are numbers with the units d, h, m, s, ms, the longest first: \`10s\`, \`250ms\`, \`1h30m\`. **Sizes** are numbers
with the units B, KiB, MiB, GiB, TiB, or plain bytes: \`64MiB\`. \`MB\` and \`GB\` are refused, because not everybody reads
them alike. **Paths** are absolute. **IPv6 addresses** stand in brackets where a port follows: \`https://[fd00::1]:2379\`.

**Secrets** never stand in the configuration: keys name the files that hold them. These files and all certificates are
read again when they change; everything else is read once, at the start.

**What is refused**, all at once, each with its file and line, variable or flag, what was found and what is allowed:
unknown keys and unknown \`ETCD_CARETAKER_*\` variables, keys that stand there twice, YAML aliases, values that do not
fit, and values that contradict each other. A key that this version does not act on is unknown to it.
Variables that the commands read (\`ETCD_CARETAKER_AGENT\`, \`ETCD_CARETAKER_STORE\`, \`ETCD_CARETAKER_TOKEN\`, \`ETCD_CARETAKER_TOKEN_FILE\`) and
the service links of Kubernetes (\`ETCD_CARETAKER_SERVICE_HOST\` and the like) are no keys.

**Maintenance windows** are a crontab time, how long the window is open, and where the clock hangs, UTC unless said:
\`0 2 * * * for 2h\`, \`30 1 * * 6 for 4h in Europe/Berlin\`. The five fields are minute, hour, day of the month, month and day of
the week (0 and 7 are Sunday); each is \`*\`, a number, a range \`1-5\`, a step \`*/15\` or \`0-30/10\`, or a list of these with
commas; months and days also have names (\`jan\`, \`mon\`). Where both days are given, both must fit.

**Schedules** are a crontab time with the same five fields, and where the clock hangs: \`17 */6 * * *\`,
\`30 3 * * 6 in Europe/Berlin\`.

**What contradicts itself**: a certificate without its key, or the reverse; a user name without a password file; a
deadline that is not shorter than its interval; a page of the keyspace scan that does not fit into a message; \`cluster.tls\`
where every endpoint is \`http://\`; the profile \`edge\` with the keyspace switched on; a listener that other machines
can reach without TLS and without a token or client certificates; a bucket without a word on encryption; and an encryption
without its keys, or keys of another one.
`;
