/** Panels' queries that have nothing to show while all is well, or in the first seconds, each with the reason. They have to parse. */
export const ONLY_SOMETIMES: Readonly<Record<string, string>> = {
  'What is wrong, and where / Holds': 'the agents name a cause only where something is wrong',
  'Causes that the agents name / {{verdict}} {{member}}': 'the agents name a cause only where something is wrong',
  'What a person is asked for / Asked': 'nothing is held for a person while all is well',
  'Alerts that fire / Series': 'no alert fires while all is well',
  'Findings / Agents': 'there is nothing to find while all is well',
  'Findings of its agent / How many': 'there is nothing to find while all is well',
  'Answers other than OK / {{grpc_method}} {{grpc_code}}': 'every call is answered with OK while all is well',
  'Failures / {{kind}} {{reason}}': 'no backup fails while all is well',
  'Drills that failed / {{reason}}': 'no drill fails while all is well',
  'Clusters / Last drill': 'a drill restores for real, which takes longer on a busy machine than a test should wait',
  'Last drill, in intervals / intervals':
    'a drill restores for real, which takes longer on a busy machine than a test should wait',
  'A restore takes / restore':
    'a drill restores for real, which takes longer on a busy machine than a test should wait',
  'Last read back / ago': 'a chain is read back by a drill, or by the day',
  'Members compared / ago':
    'a comparison waits for a term that is steady, which it may not be for a while on a busy machine',
  'Members differ / differ':
    'a comparison waits for a term that is steady, which it may not be for a while on a busy machine',
  'Notifications that did not arrive / {{receiver}} failed': 'no receiver is configured',
  'Notifications that did not arrive / {{receiver}} given up': 'no receiver is configured',
  'What is or would be in the way of a recovery / Holds': 'the quorum is not lost, and nothing would be in the way',
  'Last gasps / {{member}}': 'the quorum was never lost',
  'Growth / growth': 'the slope needs more samples than a test waits for',
  'Full in / full in': 'it needs the slope, and a database that grows',
  'Time until the quota is full / {{member}}': 'it needs the slope, and a database that grows',
  'Device: how long a request takes / {{device}} read': 'the page cache has what is read',
  'Device: how long a request takes / {{device}} flush': 'not every kernel and device counts flushes',
  'Pressure on etcd / {{resource}} {{kind}}': 'etcd has no cgroup of its own here',
  'Memory / control group, without pages of files': 'etcd has no cgroup of its own here',
  'Memory / limit of the control group': 'etcd has no cgroup of its own here',
  'Pressure on the machine / {{resource}} {{kind}}': 'not every kernel has PSI',
  'Duration of operations / {{operation}}':
    'an operation has to end within the rate interval, and not be the first of its kind',
  'Duration of full snapshots / {{kind}}': 'a snapshot has to end within the rate interval, and not be the first',
  'Decisions to act / {{policy}} {{decision}}': 'a policy acts only where there is something to do',
};

/** Further ones in a cluster of one member without TLS. */
export const NOT_ALONE: Readonly<Record<string, string>> = {
  'Round trips / {{member}} to {{peer}}': 'it has no peers',
  'Probes that fail / {{member}} to {{peer}}': 'it has no peers',
  'Round trip to each peer / {{peer}} {{probe}}': 'it has no peers',
  'Probes that fail / {{peer}} {{probe}}': 'it has no peers',
  'Clock beside the peers’ / {{peer}}': 'it has no peers',
  'Clock beside the peers’ / {{peer}} known to': 'it has no peers',
  'Traffic between members / sent': 'it has no peers',
  'Traffic between members / got': 'it has no peers',
  'Certificates / Ends in': 'it has no TLS',
  'Certificates / Life left': 'it has no TLS',
  'Certificates / Ends': 'it has no TLS',
  'First certificate that ends / {{member}}': 'it has no TLS',
};
