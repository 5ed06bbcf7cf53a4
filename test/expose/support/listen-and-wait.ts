import { createServer } from 'node:net';

// Listens on a Unix socket until it is killed, and so leaves the socket behind.
createServer().listen(process.argv[2], () => process.send?.('listening'));
