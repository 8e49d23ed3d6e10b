package winmd

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"berth/agent/winhost/winrt"
)

// full maps the names of the bindings' tables to those of the metadata.
var full = map[string]string{
	"IAsyncInfo": "Windows.Foundation.IAsyncInfo", "AsyncStatus": "Windows.Foundation.AsyncStatus",
	"IAsyncOperationWithProgress": "Windows.Foundation.IAsyncOperationWithProgress`2",
	"IUriRuntimeClassFactory":     "Windows.Foundation.IUriRuntimeClassFactory",
	"IUriRuntimeClass":            "Windows.Foundation.IUriRuntimeClass",
	"IIterable":                   "Windows.Foundation.Collections.IIterable`1",
	"IIterator":                   "Windows.Foundation.Collections.IIterator`1",
	"IPackage":                    "Windows.ApplicationModel.IPackage", "IPackage3": "Windows.ApplicationModel.IPackage3",
	"IPackageId": "Windows.ApplicationModel.IPackageId", "IPackageStatus": "Windows.ApplicationModel.IPackageStatus",
	"Package": "Windows.ApplicationModel.Package",
}

func fullName(name string) string {
	if f, ok := full[name]; ok {
		return f
	}
	return "Windows.Management.Deployment." + name
}

func microsoft(t *testing.T) *metadata {
	t.Helper()
	if out, err := exec.Command("go", "mod", "download", "github.com/saltosystems/winrt-go").CombinedOutput(); err != nil {
		t.Skipf("skipped: the metadata cannot be had: %v: %s", err, out)
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/saltosystems/winrt-go").Output()
	dir := filepath.Join(strings.TrimSpace(string(out)), "internal", "winmd", "metadata")
	if err != nil {
		t.Skipf("skipped: the metadata cannot be found: %v", err)
	}
	m, err := load(filepath.Join(dir, "Windows.Management.winmd"), filepath.Join(dir, "Windows.Foundation.winmd"), filepath.Join(dir, "Windows.ApplicationModel.winmd"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestInterfaces(t *testing.T) {
	m := microsoft(t)
	for _, want := range winrt.Interfaces() {
		name, arguments, generic := strings.Cut(strings.TrimSuffix(want.Name, ">"), "<")
		var of []string
		if generic {
			for a := range strings.SplitSeq(arguments, ", ") {
				of = append(of, fullName(a))
			}
		}
		id, err := m.id(fullName(name), of...)
		if err != nil || id != want.IID {
			t.Errorf("%s: id %s, the bindings have %s (%v)", want.Name, id, want.IID, err)
		}
		slots, err := m.methods(fullName(name))
		if err != nil {
			t.Fatal(err)
		}
		for method, slot := range want.Slots {
			if got, ok := slots[method]; !ok || got != slot {
				t.Errorf("%s.%s: slot %d (there: %t), the bindings have %d", want.Name, method, got, ok, slot)
			}
		}
	}
}

func TestEnumerations(t *testing.T) {
	m := microsoft(t)
	for name, members := range winrt.Enumerations() {
		values, err := m.values(fullName(name))
		if err != nil {
			t.Fatal(err)
		}
		for member, want := range members {
			if got, ok := values[member]; !ok || got != want {
				t.Errorf("%s.%s: %#x (there: %t), the bindings have %#x", name, member, got, ok, want)
			}
		}
	}
}

// TestDifferencesAreNoticed makes sure that the comparison can fail.
func TestDifferencesAreNoticed(t *testing.T) {
	m := microsoft(t)
	if id, err := m.id(fullName("IIterable"), fullName("Package")); err != nil || id == (winrt.Interfaces()[0]).IID || len(id) != 36 {
		t.Errorf("%q %v", id, err)
	}
	if _, err := m.methods(fullName("INothing")); err == nil {
		t.Error("an interface that is not there was found")
	}
}
