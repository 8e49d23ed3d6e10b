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

export type Mood = 'bad' | 'waiting' | 'open' | 'busy' | 'good';

const moods: Record<StatusName, Mood> = {
  'No version found': 'bad',
  'Not applied': 'open',
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

/** inOrder lists counts by status in the fixed order, without those that there are none of. */
export function inOrder(byStatus: Record<string, number>): { name: string; count: number }[] {
  const known: string[] = [...statuses];
  const names = [...known, ...Object.keys(byStatus).filter((name) => !known.includes(name))];
  return names.map((name) => ({ name, count: byStatus[name] ?? 0 })).filter(({ count }) => count > 0);
}

/** troubles are the statuses that somebody should look at. */
export const troubles = statuses.filter((name) => moods[name] === 'bad');
