import { isStatus, type StatusName } from './status';

// What stands behind the question mark of an address. Every filter does, so that every view can be sent as a link.
// Addresses are typed and pasted: what is no filter is dropped and does no harm.

/** name reads a parameter as text. The router reads "1" as a number, and a host may be called 1. */
function name(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export interface SiteSearch {
  site?: string;
}

export function siteSearch(search: Record<string, unknown>): SiteSearch {
  const site = name(search.site);
  return site === undefined ? {} : { site };
}

export interface StatusSearch {
  host?: string;
  status?: StatusName;
}

export function statusSearch(search: Record<string, unknown>): StatusSearch {
  const out: StatusSearch = {};
  const host = name(search.host);
  if (host !== undefined) out.host = host;
  if (isStatus(search.status)) out.status = search.status;
  return out;
}

export interface PackageSearch {
  package?: string;
}

export function packageSearch(search: Record<string, unknown>): PackageSearch {
  const fullName = name(search.package);
  return fullName === undefined ? {} : { package: fullName };
}

/** chooseSite is the site to show: the one in the address if the caller may see it, else the first. */
export function chooseSite(asked: string | undefined, sites: { name: string }[]): string | undefined {
  const folded = asked?.toLowerCase();
  return (sites.find((s) => s.name.toLowerCase() === folded) ?? sites[0])?.name;
}
