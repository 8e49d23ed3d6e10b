// Package linuxhost is the Platform of Linux terminal servers. It attaches images through FUSE, every block verified as it
// is read, or, where FUSE may not be used, copies the verified files out of them; and it gives users application entries
// that start under Wine.
//
// Beside what the agent keeps, the state folder holds
//
//	packages/<full name>       the package: a mount, or a folder with the files
//	packages/<full name>.json  what it was attached from, written before it is attached
//	certificates/*.pem         signers whom this host trusts; those named berth-*.pem were put there by plans
//	supervisor.sock, .lock, .log  of the process that holds the mounts, where there is one
//	sessions/<id>.json         sessions, written by OpenSession and CloseSession, and by the host itself after what
//	                           systemd-logind, or else utmp(5), shows
//
// A mount lives as long as the process that serves it: a supervisor (Supervise), which outlives the agent so that running
// programs do not notice its end, or the agent itself. One that outlived its process answers nothing; it is found in
// /proc/self/mountinfo, taken away, and made anew. No such mount is ever touched otherwise, because that could hang.
package linuxhost
