// Package winrt speaks to the package manager of Windows (Windows.Management.Deployment) through its binary interface:
// activation, calls by slot of a table of methods, strings, and waiting for operations by polling. It needs
// golang.org/x/sys and nothing else, and is free of Berth's nouns.
//
// The ids and slots stand in abi.go, which is built on every system: the module tools/winmd compares each of them with
// Microsoft's own description of the interfaces, Windows.Management.winmd and Windows.Foundation.winmd.
package winrt
