/* cimfs.dll: the volume has the GUID that the caller chooses; the bench gave the image that one. */
#include "fake.h"

static void text_of(const GUID *g, wchar_t *to) {
  swprintf(to, 64, L"%08lx-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", g->Data1, g->Data2, g->Data3, g->Data4[0], g->Data4[1],
           g->Data4[2], g->Data4[3], g->Data4[4], g->Data4[5], g->Data4[6], g->Data4[7]);
}

EXPORT HRESULT WINAPI CimMountImage(PCWSTR folder, PCWSTR name, DWORD flags, const GUID *volume) {
  wchar_t path[1200], guid[64], from[200], to[200];
  struct image image;
  swprintf(path, 1200, L"%ls\\%ls", folder, name);
  text_of(volume, guid);
  note("CimMountImage %ls flags=%lx {%ls}", path, flags, guid);
  DWORD code = injected(L"cimmount");
  if (code) return (HRESULT)code;
  if (flags) return E_INVALIDARG;
  if (!find_image(path, 0, 0, &image)) return HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND);
  if (is_mounted(guid)) return HRESULT_FROM_WIN32(ERROR_ALREADY_EXISTS);
  /* The content waits under the image's own GUID, which the bench links to the one that is asked for. */
  disk_path(image.guid, 0, from);
  disk_path(guid, 1, to);
  if (!MoveFileExW(from, to, 0)) return HRESULT_FROM_WIN32(GetLastError());
  note("attached %ls", path);
  passed(L"cimmount");
  return S_OK;
}

EXPORT HRESULT WINAPI CimDismountImage(const GUID *volume) {
  wchar_t guid[64], from[200], to[200];
  text_of(volume, guid);
  note("CimDismountImage {%ls}", guid);
  DWORD code = injected(L"cimdismount");
  if (code) return (HRESULT)code;
  if (!is_mounted(guid)) return HRESULT_FROM_WIN32(ERROR_NOT_FOUND);
  struct image image;
  disk_path(guid, 1, from);
  disk_path(find_image(0, 0, guid, &image) ? image.guid : guid, 0, to);
  if (!MoveFileExW(from, to, 0)) return HRESULT_FROM_WIN32(GetLastError());
  note("detached {%ls}", guid);
  passed(L"cimdismount");
  return S_OK;
}
