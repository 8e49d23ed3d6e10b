import { useEffect, useState } from 'react';

const step = 5_000;
const readers = new Set<(now: number) => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function tick() {
  const now = Date.now();
  for (const read of readers) read(now);
}

/** useNow is the time, in steps: what is a minute old grows old also where no answer changes. One timer serves all. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (readers.size === 0) timer = setInterval(tick, step);
    readers.add(setNow);
    return () => {
      readers.delete(setNow);
      if (readers.size === 0) clearInterval(timer);
    };
  }, []);
  return now;
}
