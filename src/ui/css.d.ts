/** The bundler takes style sheets; nothing of them is used in code. */
declare module '*.css';
