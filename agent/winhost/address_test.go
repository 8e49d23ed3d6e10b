package winhost

import "testing"

func TestAddresses(t *testing.T) {
	const id = "0B9F5A9E-0000-0000-0000-100000000000"
	root := volumeRoot(id)
	if root != `\\?\Volume{0b9f5a9e-0000-0000-0000-100000000000}\` {
		t.Errorf("root %s", root)
	}
	if got := below(root, "."); got != root {
		t.Errorf("the root of a volume became %s", got)
	}
	folder := below(root, "apps/Contoso.Notes_1.0.0.0_x64__abc")
	for raw, want := range map[bool]string{
		false: "file:///Volume%7B0b9f5a9e-0000-0000-0000-100000000000%7D/apps/Contoso.Notes_1.0.0.0_x64__abc",
		true:  "file:///Volume{0b9f5a9e-0000-0000-0000-100000000000}/apps/Contoso.Notes_1.0.0.0_x64__abc",
	} {
		if got := fileURL(folder, raw); got != want {
			t.Errorf("raw %t: %s", raw, got)
		}
	}
	if got := fileURL(`C:\Program Data\Berth`, false); got != "file:///C:/Program%20Data/Berth" {
		t.Errorf("a junction: %s", got)
	}
}
