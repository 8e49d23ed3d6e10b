/* endsession.exe N: ends session N as Windows does. Every window of the session is asked whether it may end, then told that
 * it does; what does not answer in five seconds is not waited for. Here the only window is that of the agent's worker.
 * endsession.exe N cancel: somebody else says no. */
#include <windows.h>
#include <stdio.h>

int main(int argc, char **argv) {
  char title[64];
  DWORD_PTR answer = 0;
  if (argc < 2) return 2;
  snprintf(title, sizeof title, "session %s", argv[1]);
  HWND w = 0;
  for (int i = 0; !w && i < 600; i++) { /* a worker that is just starting is waited for */
    if (i) Sleep(100);
    w = FindWindowA("BerthSessionWorker", title);
  }
  if (!w) { printf("no window for %s, error %lu\n", title, GetLastError()); return 3; }
  if (!SendMessageTimeoutA(w, WM_QUERYENDSESSION, 0, ENDSESSION_LOGOFF, SMTO_ABORTIFHUNG, 5000, &answer)) return 4;
  if (!answer) return 5;
  if (!SendMessageTimeoutA(w, WM_ENDSESSION, argc < 3, ENDSESSION_LOGOFF, SMTO_ABORTIFHUNG, 5000, &answer)) return 6;
  return 0;
}
