/** Etcd's hardware guidance: the 99th percentile of fdatasync should be below 10 ms. */
export const fsyncP99Seconds = 0.01;

/** Etcd's FAQ: the 99th percentile of backend commits should be below 25 ms. */
export const commitP99Seconds = 0.025;

/** Half of the default election timeout: from here on leaders are lost because of the disk. */
export const disastrousSeconds = 0.5;
