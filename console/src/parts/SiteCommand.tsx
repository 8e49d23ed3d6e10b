import { useSite, useSites } from '../api/queries';
import { Command } from './Command';

/** SiteCommand is a command for the site in view: where there are several, it says which. */
export function SiteCommand({ line }: { line: string }) {
  const several = (useSites().data?.items.length ?? 0) > 1;
  const site = useSite();
  return <Command line={several ? `${line} --site ${site}` : line} />;
}
