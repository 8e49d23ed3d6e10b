// What stands behind the question mark of an address. Every filter does, so that every view can be sent as a link.
// Addresses are typed and pasted: what is no filter is dropped and does no harm.

const names = [
  'site', 'search', 'tag', 'family', 'enabled', 'host', 'status', 'kind', 'pool', 'after', 'tab', 'view', 'key',
  'before', 'package', 'path', 'changes', 'state',
] as const; // prettier-ignore

export type Search = Partial<Record<(typeof names)[number], string>>;

/** readSearch reads parameters as text. The router reads "1" as a number, and a host may be called 1. */
export function readSearch(search: Record<string, unknown>): Search {
  const out: Search = {};
  for (const name of names) {
    const value = search[name];
    if (typeof value === 'number' || typeof value === 'boolean') out[name] = String(value);
    else if (typeof value === 'string' && value !== '') out[name] = value;
  }
  return out;
}

/** chooseSite is the site to show: the one in the address if the caller may see it, else the first. */
export function chooseSite(asked: string | undefined, sites: { name: string }[] | null): string | undefined {
  const folded = asked?.toLowerCase();
  return (sites?.find((s) => s.name.toLowerCase() === folded) ?? sites?.[0])?.name;
}
