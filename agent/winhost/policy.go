//go:build windows

package winhost

import (
	"fmt"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// firstBuild is the Windows that can stage packages in place: Windows 10 2004.
const firstBuild = 19041

// Keys of policies (Microsoft, "Policy CSP - ApplicationManagement").
const (
	keyAppx   = `SOFTWARE\Policies\Microsoft\Windows\Appx`
	keyUnlock = `SOFTWARE\Microsoft\Windows\CurrentVersion\AppModelUnlock`
)

// policyProblems looks for what will keep packages from being staged or registered, before one is.
func policyProblems() []string {
	var list []string
	if b := windows.RtlGetVersion().BuildNumber; b < firstBuild {
		list = append(list, fmt.Sprintf("Windows build %d cannot stage packages in place: it must be %d or newer", b, firstBuild))
	}
	if v, ok := number(keyAppx, "AllowAllTrustedApps"); ok && v == 0 {
		list = append(list, "the policy AllowAllTrustedApps is 0: no package from outside the Store is let in; set it to 1 (0x80073CFF)")
	} else if v, set := number(keyUnlock, "AllowAllTrustedApps"); !ok && set && v == 0 {
		list = append(list, "sideloading is turned off in the settings of this host (AppModelUnlock, AllowAllTrustedApps = 0); turn it on, or set the policy (0x80073CFF)")
	}
	if v, ok := number(keyAppx, "RestrictAppToSystemVolume"); ok && v == 1 {
		list = append(list, "the policy RestrictAppToSystemVolume keeps packages off attached images; turn it off (0x80073D21)")
	}
	for _, service := range []string{"AppXSvc", "StateRepository"} {
		if v, ok := number(`SYSTEM\CurrentControlSet\Services\`+service, "Start"); ok && v == 4 {
			list = append(list, fmt.Sprintf("the service %s is disabled; enable it (0x80070422)", service))
		}
	}
	return list
}

// specialProfiles tells whether a policy lets packages be registered in temporary, mandatory and roaming profiles.
func specialProfiles() bool {
	v, ok := number(keyAppx, "AllowDeploymentInSpecialProfiles")
	return ok && v == 1
}

// number reads a value below HKEY_LOCAL_MACHINE; false: it is not there.
func number(key, name string) (uint64, bool) {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, key, registry.QUERY_VALUE)
	if err != nil {
		return 0, false
	}
	defer func() { _ = k.Close() }() // only read
	v, _, err := k.GetIntegerValue(name)
	return v, err == nil
}
