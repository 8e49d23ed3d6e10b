/* A Windows program that shows where it runs: it reads a file of its own package, beside itself, and writes what it read
   and what it was given to the file that BERTH_TEST_OUT names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

int main(int argc, char **argv) {
  char path[MAX_PATH], line[256] = "";
  GetModuleFileNameA(NULL, path, sizeof path);
  strcpy(strrchr(path, '\\') + 1, "data.txt");
  FILE *in = fopen(path, "r");
  FILE *out = fopen(getenv("BERTH_TEST_OUT"), "w");
  if (!in || !out || !fgets(line, sizeof line, in)) return 3;
  fprintf(out, "%s|%s\n", line, argc > 1 ? argv[1] : "");
  return fclose(out) ? 4 : 0;
}
