import { useQuery } from '@tanstack/react-query';
import { Problem, unreachable } from './problem';
import { useSession } from './session';

const version = '2024-04-03';

/** azureAddress is the address of a resource of Azure's interface, below this server. */
export const azureAddress = (id: string) => `${id}?api-version=${version}`;

interface Fault {
  error?: { code?: string; message?: string };
}

async function askAzure(id: string, token: string, signal: AbortSignal): Promise<unknown> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(azureAddress(id), { headers: { Authorization: `Bearer ${token}` }, signal });
    answer = JSON.parse(await response.text());
  } catch (error) {
    if (signal.aborted) throw error;
    throw unreachable(error);
  }
  if (response.ok) return answer;
  const { code, message } = (answer as Fault).error ?? {};
  throw new Problem(code ?? `HTTP status ${response.status}`, message ?? '', { status: response.status });
}

/** useAzure asks for a resource as clients of Azure's interface see it; an empty id asks for nothing. */
export function useAzure(id: string) {
  const { token } = useSession();
  return useQuery<unknown>({
    queryKey: ['azure', id],
    queryFn: ({ signal }) => askAzure(id, token, signal),
    enabled: id !== '',
  });
}
