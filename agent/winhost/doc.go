// Package winhost is a Windows session host as a Platform.
//
// It attaches VHD and VHDX images through virtdisk.dll and CIM images through cimfs.dll, without a drive letter and read
// only; checks signature, manifest and code files on the volume that Windows made of the image; stages the package in place
// and registers it for single users through the package manager of Windows (package winrt). Registration has to run as the
// user: a worker process in the user's session does it, one for each request.
//
// What it has begun is written down before it is done: a record in the state folder for each package, and beside it a marker
// in the registry (HKLM\SOFTWARE\Berth\Agent), so that what is attached is still known to be Berth's when the state folder
// is lost. Whether something is attached, staged, registered or trusted is always asked of Windows.
//
// A user who signed out while the package was registered keeps a registration that only that user could take back. It is
// taken back when the user signs in next and it is no longer wanted, when the package is destaged for all users, or when
// the user's profile is gone.
package winhost
