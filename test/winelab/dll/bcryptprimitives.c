/* The one function that every Go program needs of bcryptprimitives.dll, which Wine 8 does not have. */
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG); /* RtlGenRandom */

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE to, SIZE_T n) {
  while (n) {
    ULONG part = n > 0x10000000 ? 0x10000000 : (ULONG)n;
    if (!SystemFunction036(to, part)) return FALSE;
    to += part;
    n -= part;
  }
  return TRUE;
}
