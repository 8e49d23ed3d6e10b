/* wtsapi32.dll: sessions as the bench writes them. Every token that Wine gives has the same user; which session a token was
 * given for is remembered, and asked for its user it tells the session's. */
#include "fake.h"
#include "hook.h"
#include <sddl.h>

typedef struct { DWORD id; LPWSTR name; int state; } SESSION;

EXPORT BOOL WINAPI WTSEnumerateSessionsW(HANDLE server, DWORD reserved, DWORD version, SESSION **out, DWORD *count) {
  DWORD code = injected(L"sessions");
  if (code) { SetLastError(code); return FALSE; }
  SESSION *list = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, 20 * sizeof *list + 64);
  WCHAR *name = (WCHAR *)(list + 20);
  lstrcpyW(name, L"RDP-Tcp");
  DWORD n = 0;
  list[n].id = 0; list[n].name = name; list[n++].state = 4; /* the services' own, disconnected */
  for (DWORD i = 1; i < 19; i++) {
    struct session s;
    if (read_session(i, &s)) { list[n].id = i; list[n].name = name; list[n++].state = i % 2 ? 0 : 4; } /* active and disconnected ones */
  }
  list[n].id = 65536; list[n].name = name; list[n++].state = 6; /* the one that listens */
  *out = list;
  *count = n;
  return TRUE;
}

EXPORT void WINAPI WTSFreeMemory(void *p) { HeapFree(GetProcessHeap(), 0, p); }

#pragma pack(push, 8)
typedef struct {
  DWORD state, session, in, out, inframes, outframes, incompressed, outcompressed;
  WCHAR station[32], domain[17], user[21];
  LARGE_INTEGER connect, disconnect, input, logon, current;
} INFO;
#pragma pack(pop)

EXPORT BOOL WINAPI WTSQuerySessionInformationW(HANDLE server, DWORD id, int class, LPWSTR *out, DWORD *size) {
  struct session s;
  if (!read_session(id, &s)) { SetLastError(ERROR_FILE_NOT_FOUND); return FALSE; }
  BYTE *b = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, 512);
  *out = (LPWSTR)b;
  if (class == 24) {
    INFO *i = (INFO *)b;
    i->session = id;
    i->logon.QuadPart = s.logon;
    *size = sizeof *i;
    return TRUE;
  }
  lstrcpyW(*out, class == 5 ? s.user : class == 7 ? s.domain : L"");
  *size = 2 * (lstrlenW(*out) + 1);
  return TRUE;
}

EXPORT BOOL WINAPI WTSLogoffSession(HANDLE server, DWORD id, BOOL wait) {
  struct session s;
  wchar_t file[100];
  DWORD code = injected(L"logoff");
  if (!code && !read_session(id, &s)) code = ERROR_FILE_NOT_FOUND;
  if (code) { SetLastError(code & 0xffff); return FALSE; }
  swprintf(file, 100, ROOT L"sessions\\%lu.txt", id);
  note("logoff %lu", id);
  return DeleteFileW(file);
}

EXPORT BOOL WINAPI WTSDisconnectSession(HANDLE server, DWORD id, BOOL wait) {
  struct session s;
  if (!read_session(id, &s)) { SetLastError(ERROR_FILE_NOT_FOUND); return FALSE; }
  note("disconnect %lu", id);
  return TRUE;
}

EXPORT BOOL WINAPI WTSSendMessageW(HANDLE server, DWORD id, LPWSTR title, DWORD title_bytes, LPWSTR text, DWORD text_bytes, DWORD style,
                                   DWORD seconds, DWORD *response, BOOL wait) {
  struct session s;
  if (!read_session(id, &s)) { SetLastError(ERROR_FILE_NOT_FOUND); return FALSE; }
  if (wait) note("VIOLATION the agent waits for the user of session %lu", id);
  note("message %lu %.*ls: %.*ls", id, (int)(title_bytes / 2), title, (int)(text_bytes / 2), text);
  *response = 32001; /* IDASYNC */
  return TRUE;
}

static struct { HANDLE token; DWORD session; } tokens[64];

EXPORT BOOL WINAPI WTSQueryUserToken(ULONG id, PHANDLE out) {
  struct session s;
  HANDLE own;
  DWORD code = injected(L"token");
  if (!code && !read_session(id, &s)) code = ERROR_NO_TOKEN;
  if (code) { SetLastError(code & 0xffff); return FALSE; }
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &own)) return FALSE;
  BOOL ok = DuplicateTokenEx(own, MAXIMUM_ALLOWED, 0, SecurityImpersonation, TokenPrimary, out);
  CloseHandle(own);
  static LONG next;
  LONG at = InterlockedIncrement(&next) % 64;
  for (int i = 0; i < 64; i++)
    if (tokens[i].token == *out) tokens[i].token = 0; /* closed since, and given again */
  tokens[at].session = id;
  tokens[at].token = *out;
  return ok;
}

static BOOL(WINAPI *token_information)(HANDLE, TOKEN_INFORMATION_CLASS, LPVOID, DWORD, PDWORD);

static BOOL WINAPI tell_token(HANDLE token, TOKEN_INFORMATION_CLASS class, LPVOID to, DWORD room, PDWORD size) {
  struct session s;
  PSID sid;
  for (int i = 0; class == TokenUser && i < 64; i++) {
    if (!token || tokens[i].token != token || !read_session(tokens[i].session, &s)) continue;
    if (!ConvertStringSidToSidW(s.sid, &sid)) return FALSE;
    DWORD n = GetLengthSid(sid);
    *size = sizeof(TOKEN_USER) + n;
    if (room < *size) { LocalFree(sid); SetLastError(ERROR_INSUFFICIENT_BUFFER); return FALSE; }
    TOKEN_USER *u = to;
    u->User.Sid = u + 1;
    u->User.Attributes = 0;
    CopySid(n, u + 1, sid);
    LocalFree(sid);
    return TRUE;
  }
  return token_information(token, class, to, room, size);
}

BOOL WINAPI DllMain(HINSTANCE self, DWORD why, LPVOID reserved) {
  if (why == DLL_PROCESS_ATTACH && !(token_information = hook("advapi32.dll", "GetTokenInformation", tell_token))) {
    note("BROKEN GetTokenInformation cannot be replaced in this Wine");
    return FALSE;
  }
  return TRUE;
}
