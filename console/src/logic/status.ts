/** The eight statuses, in the order in which the server decides them. */
export const statuses = [
  'No version found',
  'Not applied',
  'Certificate missing',
  'Not found',
  'Staging failed',
  'Disabling',
  'In use',
  'Ready',
] as const;

export type StatusName = (typeof statuses)[number];

export type Mood = 'bad' | 'waiting' | 'busy' | 'good';

const moods: Record<StatusName, Mood> = {
  'No version found': 'bad',
  'Not applied': 'waiting',
  'Certificate missing': 'bad',
  'Not found': 'bad',
  'Staging failed': 'bad',
  Disabling: 'waiting',
  'In use': 'busy',
  Ready: 'good',
};

export function isStatus(name: unknown): name is StatusName {
  return typeof name === 'string' && (statuses as readonly string[]).includes(name);
}

/** mood chooses colour and icon. A status that this build does not know is shown as one to look at. */
export function mood(name: string): Mood {
  return isStatus(name) ? moods[name] : 'waiting';
}

/** retries tells whether a host tries again when it is asked to. */
export function retries(name: string): boolean {
  return name === 'Not found' || name === 'Staging failed' || name === 'Certificate missing';
}

/** total adds the counts of all hosts, by status, in the fixed order and without those that are zero. */
export function total(hosts: { counts?: Record<string, number> }[]): { name: string; count: number }[] {
  const sums = new Map<string, number>(statuses.map((name) => [name, 0]));
  for (const host of hosts) {
    for (const [name, n] of Object.entries(host.counts ?? {})) sums.set(name, (sums.get(name) ?? 0) + n);
  }
  return [...sums].filter(([, n]) => n > 0).map(([name, n]) => ({ name, count: n }));
}
