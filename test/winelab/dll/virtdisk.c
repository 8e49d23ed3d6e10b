/* virtdisk.dll, and the part of the volume manager that tells which volume lies on which disk. Parameters are those of
 * mingw's own virtdisk.h: a structure that the agent lays out otherwise is refused, as Windows would. */
#include "fake.h"
#include "hook.h"
#include <initguid.h>
#include <virtdisk.h>
#include <winioctl.h>

/* Handles of opened images. */
static struct { HANDLE handle; struct image image; } opened[64];
static CRITICAL_SECTION guard;

static struct image *image_of(HANDLE h) {
  for (int i = 0; i < 64; i++)
    if (h && opened[i].handle == h) return &opened[i].image;
  return 0;
}

EXPORT DWORD WINAPI OpenVirtualDisk(PVIRTUAL_STORAGE_TYPE type, PCWSTR path, VIRTUAL_DISK_ACCESS_MASK mask, OPEN_VIRTUAL_DISK_FLAG flags,
                                    POPEN_VIRTUAL_DISK_PARAMETERS p, PHANDLE out) {
  struct image image;
  note("OpenVirtualDisk %ls mask=%x flags=%x version=%d readonly=%d", path, mask, flags, p ? p->Version : 0, p ? p->Version2.ReadOnly : 0);
  DWORD code = injected(L"open");
  if (code) return code;
  if (!type || !p || p->Version != 2 || mask != 0 || !p->Version2.ReadOnly || p->Version2.GetInfoOnly) return ERROR_INVALID_PARAMETER;
  if (!there(path)) return ERROR_FILE_NOT_FOUND;
  if (!find_image(path, 0, 0, &image)) return 0xC03A0004; /* ERROR_VHD_FORMAT_UNKNOWN */
  HANDLE h = CreateFileW(path, GENERIC_READ, 7, 0, OPEN_EXISTING, 0, 0);
  if (h == INVALID_HANDLE_VALUE) return GetLastError();
  EnterCriticalSection(&guard);
  int i = 0;
  while (i < 63 && opened[i].handle && opened[i].handle != h) i++;
  for (int k = 0; k < 64; k++)
    if (opened[k].handle == h) opened[k].handle = 0; /* closed since, and given again */
  opened[i].handle = h;
  opened[i].image = image;
  LeaveCriticalSection(&guard);
  *out = h;
  passed(L"open");
  return 0;
}

EXPORT DWORD WINAPI AttachVirtualDisk(HANDLE h, PSECURITY_DESCRIPTOR sd, ATTACH_VIRTUAL_DISK_FLAG flags, ULONG own,
                                      PATTACH_VIRTUAL_DISK_PARAMETERS p, LPOVERLAPPED o) {
  struct image *i = image_of(h);
  DWORD code = injected(L"attach");
  if (code) return code;
  if (!i || !p || p->Version != 1 || o) return ERROR_INVALID_PARAMETER;
  if (flags != (ATTACH_VIRTUAL_DISK_FLAG_READ_ONLY | ATTACH_VIRTUAL_DISK_FLAG_NO_DRIVE_LETTER | ATTACH_VIRTUAL_DISK_FLAG_PERMANENT_LIFETIME)) {
    note("VIOLATION AttachVirtualDisk flags=%x", flags);
    return ERROR_INVALID_PARAMETER;
  }
  if (is_mounted(i->guid)) return ERROR_SHARING_VIOLATION;
  if (!turn_all(i->path, 1)) return ERROR_GEN_FAILURE;
  note("attached %ls", i->path);
  passed(L"attach");
  return 0;
}

EXPORT DWORD WINAPI DetachVirtualDisk(HANDLE h, DETACH_VIRTUAL_DISK_FLAG flags, ULONG own) {
  struct image *i = image_of(h);
  DWORD code = injected(L"detach");
  if (code) return code;
  if (!i) return ERROR_INVALID_HANDLE;
  if (!is_mounted(i->guid)) return ERROR_NOT_READY;
  WIN32_FIND_DATAW f;
  HANDLE find = FindFirstFileW(ROOT L"staged\\*", &f);
  if (find != INVALID_HANDLE_VALUE) {
    do {
      wchar_t path[600], guid[64], by[64];
      char text[1024];
      swprintf(path, 600, ROOT L"staged\\%ls", f.cFileName);
      if (!slurp(path, text, sizeof text)) continue;
      line_of(text, 0, guid, 64);
      if (!_wcsicmp(guid, i->guid)) note("VIOLATION detached %ls under the staged package %ls%s", i->path, f.cFileName, held(f.cFileName, by) ? ", in use" : "");
    } while (FindNextFileW(find, &f));
    FindClose(find);
  }
  if (!turn_all(i->path, 0)) return ERROR_GEN_FAILURE;
  note("detached %ls", i->path);
  passed(L"detach");
  return 0;
}

EXPORT DWORD WINAPI GetVirtualDiskPhysicalPath(HANDLE h, PULONG size, PWSTR path) {
  struct image *i = image_of(h);
  if (!i) return ERROR_INVALID_HANDLE;
  DWORD code = injected(L"physicalpath");
  if (code) return code;
  if (!is_mounted(i->guid)) return ERROR_DEV_NOT_EXIST;
  wchar_t text[64];
  ULONG need = 2 * (swprintf(text, 64, L"\\\\.\\PhysicalDrive%lu", i->disk) + 1);
  if (*size < need) { *size = need; return ERROR_INSUFFICIENT_BUFFER; }
  *size = need;
  lstrcpyW(path, text);
  return 0;
}

/* ---- volumes ---- */
static HANDLE(WINAPI *create_file)(LPCWSTR, DWORD, DWORD, LPSECURITY_ATTRIBUTES, DWORD, DWORD, HANDLE);
static BOOL(WINAPI *device_io)(HANDLE, DWORD, LPVOID, DWORD, LPVOID, DWORD, LPDWORD, LPOVERLAPPED);
static struct { HANDLE handle; DWORD disk; } volumes[64];

/* A search is the number of the image that it stands before, plus one. */
static BOOL next_volume(UINT_PTR *at, LPWSTR name, DWORD room) {
  for (; *at < 100; ++*at) {
    wchar_t file[100], guid[64];
    char text[2048];
    swprintf(file, 100, ROOT L"images\\%d.txt", (int)*at);
    if (!slurp(file, text, sizeof text)) continue;
    line_of(text, 2, guid, 64);
    if (!is_mounted(guid)) continue;
    swprintf(name, room, L"\\\\?\\Volume{%ls}\\", guid);
    ++*at;
    return TRUE;
  }
  SetLastError(ERROR_NO_MORE_FILES);
  return FALSE;
}
static HANDLE WINAPI find_first(LPWSTR name, DWORD room) {
  if (injected(L"volumes")) { SetLastError(ERROR_NO_MORE_FILES); return INVALID_HANDLE_VALUE; }
  UINT_PTR *at = HeapAlloc(GetProcessHeap(), 0, sizeof *at);
  *at = 1;
  if (next_volume(at, name, room)) return at;
  HeapFree(GetProcessHeap(), 0, at);
  SetLastError(ERROR_NO_MORE_FILES);
  return INVALID_HANDLE_VALUE;
}
static BOOL WINAPI find_next(HANDLE h, LPWSTR name, DWORD room) { return next_volume(h, name, room); }
static BOOL WINAPI find_close(HANDLE h) { return HeapFree(GetProcessHeap(), 0, h); }

static HANDLE WINAPI open_volume(LPCWSTR path, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES sa, DWORD how, DWORD flags, HANDLE t) {
  wchar_t guid[64], real[200];
  struct image image;
  if (wcsncmp(path, L"\\\\?\\Volume{", 11) || wcslen(path) != 11 + 36 + 1) return create_file(path, access, share, sa, how, flags, t);
  lstrcpynW(guid, path + 11, 37);
  if (!find_image(0, 0, guid, &image) || !is_mounted(guid)) { SetLastError(ERROR_FILE_NOT_FOUND); return INVALID_HANDLE_VALUE; }
  disk_path(guid, 1, real);
  HANDLE h = create_file(real, 0, 7, 0, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, 0);
  if (h == INVALID_HANDLE_VALUE) return h;
  EnterCriticalSection(&guard);
  for (int i = 0; i < 64; i++)
    if (volumes[i].handle == h) volumes[i].handle = 0;
  for (int i = 0; i < 64; i++)
    if (!volumes[i].handle || i == 63) { volumes[i].handle = h; volumes[i].disk = image.disk; break; }
  LeaveCriticalSection(&guard);
  return h;
}

/* Junctions, which Wine does not have: the path of the folder and where it leads are noted in a file of their own. */
static BOOL set_junction(HANDLE h, const BYTE *b, DWORD size) {
  wchar_t path[600], target[600], file[200];
  char text[2400];
  const WORD *w = (const WORD *)(b + 4); /* lengths and offsets of MS-FSCC 2.1.2.5 */
  if (*(const DWORD *)b != 0xA0000003 || size < 16 || (DWORD)w[0] + 8 != size || w[2] || w[3] > 1100 || w[4] != w[3] + 2 ||
      w[4] + w[5] + 2 + 8 != w[0] || memcmp(b + 16, L"\\??\\Volume{", 22)) {
    note("VIOLATION a reparse point that Windows would not take");
    SetLastError(4392); /* ERROR_INVALID_REPARSE_DATA */
    return FALSE;
  }
  lstrcpynW(target, (const wchar_t *)(b + 16), w[3] / 2 + 1);
  if (!GetFinalPathNameByHandleW(h, path, 600, 0)) return FALSE;
  swprintf(file, 200, ROOT L"junctions\\%ls", wcsrchr(path, L'\\') + 1);
  snprintf(text, sizeof text, "%ls\n", target);
  spit(file, text);
  note("junction %ls to %ls", path, target);
  return TRUE;
}

static BOOL WINAPI ask_volume(HANDLE h, DWORD code, LPVOID in, DWORD nin, LPVOID out, DWORD nout, LPDWORD n, LPOVERLAPPED o) {
  if (code == 0x000900A4) return set_junction(h, in, nin); /* FSCTL_SET_REPARSE_POINT */
  if (code != IOCTL_VOLUME_GET_VOLUME_DISK_EXTENTS) return device_io(h, code, in, nin, out, nout, n, o);
  for (int i = 0; i < 64; i++)
    if (volumes[i].handle == h && nout >= sizeof(VOLUME_DISK_EXTENTS)) {
      VOLUME_DISK_EXTENTS *e = out;
      memset(e, 0, sizeof *e);
      e->NumberOfDiskExtents = 1;
      e->Extents[0].DiskNumber = volumes[i].disk;
      *n = sizeof *e;
      volumes[i].handle = 0;
      return TRUE;
    }
  return device_io(h, code, in, nin, out, nout, n, o);
}

BOOL WINAPI DllMain(HINSTANCE self, DWORD why, LPVOID reserved) {
  if (why != DLL_PROCESS_ATTACH) return TRUE;
  InitializeCriticalSection(&guard);
  create_file = hook("kernel32.dll", "CreateFileW", open_volume);
  device_io = hook("kernel32.dll", "DeviceIoControl", ask_volume);
  if (!create_file || !device_io || !hook("kernel32.dll", "FindFirstVolumeW", find_first) ||
      !hook("kernel32.dll", "FindNextVolumeW", find_next) || !hook("kernel32.dll", "FindVolumeClose", find_close)) {
    note("BROKEN the functions of volumes cannot be replaced in this Wine");
    return FALSE;
  }
  return TRUE;
}
