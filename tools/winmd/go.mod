module berth/tools/winmd

go 1.26.0

require (
	berth v0.0.0
	github.com/saltosystems/winrt-go v0.0.0-20260513072510-45f10383b2b8
	github.com/tdakkota/win32metadata v0.1.0
)

require (
	github.com/go-ole/go-ole v1.2.6 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace berth => ../..
