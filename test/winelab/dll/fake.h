/* What the stub libraries share: the folder C:\fake is the state of the Windows that they play, and holds no more than the
 * bench and they write there.
 *
 *   images/<n>.txt       an image: path, disk number, GUID of its volume, one a line
 *   disks/{guid}         content of an image's volume while it is not attached
 *   mounted/{guid}       the same folder while it is: attaching is renaming, and so happens whole or not at all
 *   junctions/<name>     where the junction of that name leads
 *   sessions/<n>.txt     a user's session: user, domain, SID, time of logon (FILETIME), one a line
 *   staged/<full name>   a package that Windows knows: GUID of its volume, path on it
 *   registered/<SID>/<full name>   who has it: number and time of logon of the session in which it was registered
 *   signers/<full name>  thumbprint that must be in LocalMachine\TrustedPeople for staging to succeed
 *   needs/<full name>    beginnings of full names, one a line: packages that must be staged before it, and stay while it is
 *   inject/<call>        HRESULT or Win32 error in hex that the call fails with; inject/<call>.slow: milliseconds it takes;
 *                        inject/<call>.hold: "before" or "after", where it stops for good, writing held/<call>
 *   log.txt              calls, one a line
 */
#ifndef FAKE_H
#define FAKE_H
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <stdarg.h>
#include <stdio.h>
#include <wchar.h>

#define ROOT L"C:\\fake\\"
#define EXPORT __declspec(dllexport)

/* note appends a line to the log in one write, which no other process tears. */
static void note(const char *format, ...) {
  char line[2048];
  int n = snprintf(line, sizeof line, "%lu ", GetCurrentProcessId());
  va_list args;
  va_start(args, format);
  n += vsnprintf(line + n, sizeof line - n - 2, format, args);
  va_end(args);
  if (n > (int)sizeof line - 2) n = sizeof line - 2;
  line[n++] = '\n';
  HANDLE f = CreateFileW(ROOT L"log.txt", FILE_APPEND_DATA, 7, 0, OPEN_ALWAYS, 0, 0);
  if (f == INVALID_HANDLE_VALUE) return;
  DWORD done;
  WriteFile(f, line, n, &done, 0);
  CloseHandle(f);
}

/* slurp reads a small text file; the result is empty when it is not there. */
static int slurp(const wchar_t *path, char *to, int room) {
  to[0] = 0;
  HANDLE f = CreateFileW(path, GENERIC_READ, 7, 0, OPEN_EXISTING, 0, 0);
  if (f == INVALID_HANDLE_VALUE) return 0;
  DWORD n = 0;
  ReadFile(f, to, room - 1, &n, 0);
  CloseHandle(f);
  to[n] = 0;
  return 1;
}

static void spit(const wchar_t *path, const char *text) {
  wchar_t part[700];
  swprintf(part, 700, L"%ls.%lu-%lu", path, GetCurrentProcessId(), GetCurrentThreadId());
  HANDLE f = CreateFileW(part, GENERIC_WRITE, 7, 0, CREATE_ALWAYS, 0, 0);
  if (f == INVALID_HANDLE_VALUE) return;
  DWORD done;
  WriteFile(f, text, (DWORD)strlen(text), &done, 0);
  CloseHandle(f);
  MoveFileExW(part, path, MOVEFILE_REPLACE_EXISTING);
}

static int there(const wchar_t *path) { return GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES; }

/* line copies the n-th line of a text, counted from 0, and widens it. */
static void line_of(const char *text, int n, wchar_t *to, int room) {
  to[0] = 0;
  for (; n > 0; n--) {
    text = strchr(text, '\n');
    if (!text) return;
    text++;
  }
  char one[1024];
  int i = 0;
  while (text[i] && text[i] != '\n' && text[i] != '\r' && i < 1023) { one[i] = text[i]; i++; }
  one[i] = 0;
  MultiByteToWideChar(CP_UTF8, 0, one, -1, to, room);
}

/* halt stops a call for as long as the bench wants it: the process is to be killed there. */
static void halt(const wchar_t *call, const char *where) {
  wchar_t path[300], held[300];
  char text[64];
  swprintf(path, 300, ROOT L"inject\\%ls.hold", call);
  if (!slurp(path, text, sizeof text) || strcmp(text, where)) return;
  note("held %s %ls", where, call);
  swprintf(held, 300, ROOT L"held\\%ls", call);
  spit(held, where);
  while (there(path)) Sleep(20);
}

/* passed is the end of a call that did what it was asked for. */
static void passed(const wchar_t *call) { halt(call, "after"); }

/* injected tells with which error a call is to fail, after the time it is to take; 0: with none. */
static DWORD injected(const wchar_t *call) {
  wchar_t path[300];
  char text[64];
  swprintf(path, 300, ROOT L"inject\\%ls.slow", call);
  if (slurp(path, text, sizeof text)) Sleep(strtoul(text, 0, 10));
  halt(call, "before");
  swprintf(path, 300, ROOT L"inject\\%ls", call);
  if (!slurp(path, text, sizeof text)) return 0;
  DWORD code = strtoul(text, 0, 16);
  note("injected %ls %08lx", call, code);
  return code;
}

/* An image that the bench has made known. */
struct image { wchar_t path[600]; DWORD disk; wchar_t guid[64]; };

/* each_image finds the image of a path, of a disk or of a volume, whichever is given. */
static int find_image(const wchar_t *path, DWORD disk, const wchar_t *guid, struct image *out) {
  for (int n = 1; n < 100; n++) {
    wchar_t file[100], number[32];
    char text[2048];
    swprintf(file, 100, ROOT L"images\\%d.txt", n);
    if (!slurp(file, text, sizeof text)) continue;
    line_of(text, 0, out->path, 600);
    line_of(text, 1, number, 32);
    line_of(text, 2, out->guid, 64);
    out->disk = wcstoul(number, 0, 10);
    if (path && !_wcsicmp(path, out->path)) return 1;
    if (guid && !_wcsicmp(guid, out->guid)) return 1;
    if (!path && !guid && disk == out->disk) return 1;
  }
  return 0;
}

static void disk_path(const wchar_t *guid, int mounted, wchar_t *to) {
  swprintf(to, 200, ROOT L"%ls\\{%ls}", mounted ? L"mounted" : L"disks", guid);
}

static int is_mounted(const wchar_t *guid) {
  wchar_t path[200];
  disk_path(guid, 1, path);
  return there(path);
}

static int turn(const wchar_t *guid, int mount) {
  wchar_t from[200], to[200];
  disk_path(guid, !mount, from);
  disk_path(guid, mount, to);
  for (int i = 0; i < 50; i++) {
    if (MoveFileExW(from, to, 0)) return 1;
    Sleep(20);
  }
  return 0;
}

/* turn_all attaches or detaches every volume of an image. */
static int turn_all(const wchar_t *path, int mount) {
  int ok = 1;
  for (int n = 1; n < 100; n++) {
    wchar_t file[100], one[600], guid[64];
    char text[2048];
    swprintf(file, 100, ROOT L"images\\%d.txt", n);
    if (!slurp(file, text, sizeof text)) continue;
    line_of(text, 0, one, 600);
    line_of(text, 2, guid, 64);
    if (!_wcsicmp(path, one) && is_mounted(guid) != mount) ok = turn(guid, mount) && ok;
  }
  return ok;
}

/* A user's session. */
struct session { DWORD number; wchar_t user[64], domain[64], sid[128]; LONGLONG logon; };

static int read_session(DWORD number, struct session *s) {
  wchar_t file[100], logon[64];
  char text[1024];
  swprintf(file, 100, ROOT L"sessions\\%lu.txt", number);
  if (!slurp(file, text, sizeof text)) return 0;
  s->number = number;
  line_of(text, 0, s->user, 64);
  line_of(text, 1, s->domain, 64);
  line_of(text, 2, s->sid, 128);
  line_of(text, 3, logon, 64);
  s->logon = _wcstoi64(logon, 0, 10);
  return 1;
}

/* held tells whether a package is registered in a session that runs: then taking it away is a fault of the agent. */
static int held(const wchar_t *package, wchar_t *by) {
  for (DWORD n = 1; n < 20; n++) {
    struct session s;
    wchar_t path[600], want[64], got[64];
    char text[128];
    if (!read_session(n, &s)) continue;
    swprintf(path, 600, ROOT L"registered\\%ls\\%ls", s.sid, package);
    if (!slurp(path, text, sizeof text)) continue;
    line_of(text, 0, got, 64);
    swprintf(want, 64, L"%lu %lld", n, s.logon);
    if (!wcscmp(want, got)) { lstrcpynW(by, s.user, 64); return 1; }
  }
  return 0;
}
#endif
