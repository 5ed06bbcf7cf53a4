import { drillChild } from './agent/drill/drill-child.ts';

/** A drill in a process of its own, so that it takes neither memory nor time from the agent beside etcd. */
await drillChild();
