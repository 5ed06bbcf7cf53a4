/** Where a link to an agent leads: its URL stands in the journal, and only what a browser opens as a page of it is one. Pure. */
export function agentLink(url: string | undefined): string | undefined {
  const protocol = url === undefined ? undefined : URL.parse(url)?.protocol;
  return protocol === 'http:' || protocol === 'https:' ? url : undefined;
}
