// Package winelab is the Windows bench on Linux: the unmodified Windows agent runs under Wine, as a service, against a real
// server on this machine. What Wine lacks is played by small libraries of our own in dll/, written in C from published
// headers: virtual disks, CimFS, sessions, and the package manager. They keep their state in a folder, check what they are
// called with, fail on demand, and note as a VIOLATION whatever would take something from a user.
//
// The bench proves the agent's calls, its order of steps, its recovery and its errors. It proves nothing about Windows'
// own deployment service: for that there is `berth agent selftest` on a real host. See docs/hosts.md.
package winelab
