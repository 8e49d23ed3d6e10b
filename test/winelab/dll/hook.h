/* Replacing a function of kernel32 or advapi32 in this process: its first eight bytes become a jump to a thunk nearby, which
 * jumps to the replacement. Those bytes are copied first, followed by a jump back behind them: through the copy the original
 * can still be called. It works for functions that begin with Wine's hotpatch prologue or with plain pushes. */
#ifndef HOOK_H
#define HOOK_H
#include <windows.h>
#include <string.h>

static void far_jump(BYTE *at, void *to) { /* jmp [rip+0]; address */
  static const BYTE jump[] = {0xff, 0x25, 0, 0, 0, 0};
  memcpy(at, jump, sizeof jump);
  memcpy(at + sizeof jump, &to, 8);
}

/* near_memory is executable memory within 2 GB of an address. */
static BYTE *near_memory(BYTE *at) {
  for (INT64 step = 1; step < 0x7000; step++) {
    BYTE *p = VirtualAlloc((BYTE *)(((UINT_PTR)at & ~(UINT_PTR)0xffff) - step * 0x10000), 64, MEM_COMMIT | MEM_RESERVE, PAGE_EXECUTE_READWRITE);
    if (p) return p;
  }
  return 0;
}

/* hook returns how the original is called, 0 when it cannot be replaced. */
static void *hook(const char *library, const char *name, void *replacement) {
  static const BYTE lea[] = {0x48, 0x8d, 0xa4, 0x24, 0, 0, 0, 0}, pushes[] = {0x41, 0x57, 0x41, 0x56, 0x41, 0x55, 0x41, 0x54};
  BYTE *at = (BYTE *)GetProcAddress(LoadLibraryA(library), name), *memory;
  DWORD old;
  union { BYTE bytes[8]; INT64 whole; } patch;
  if (!at || (memcmp(at, lea, 8) && memcmp(at, pushes, 8)) || !(memory = near_memory(at))) return 0;
  memcpy(memory, at, 8);
  far_jump(memory + 8, at + 8);
  far_jump(memory + 24, replacement);
  INT32 distance = (INT32)(memory + 24 - (at + 5));
  memcpy(patch.bytes, at, 8);
  patch.bytes[0] = 0xe9;
  memcpy(patch.bytes + 1, &distance, 4);
  if (!VirtualProtect(at, 8, PAGE_EXECUTE_READWRITE, &old)) return 0;
  InterlockedExchange64((LONG64 volatile *)at, patch.whole);
  VirtualProtect(at, 8, old, &old);
  FlushInstructionCache(GetCurrentProcess(), at, 8);
  return memory;
}
#endif
