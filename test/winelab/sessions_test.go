//go:build linux

package winelab

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"berth"
	"berth/wire"
)

// TestSessions has Azure's API show the sessions of a Windows host, speak to them, disconnect one and end one.
func TestSessions(t *testing.T) {
	b := newBench(t)
	_, err := b.client.AddPool(t.Context(), wire.AddPool{Name: "desktops", Kind: berth.KindAVD, Now: true})
	b.must(err)
	b.enrollWith(wire.CreateEnrollKey{Name: "wine", Kind: berth.KindAVD, Pool: "desktops"})
	b.start()
	t.Cleanup(func() { b.stop() })
	b.signIn(1, users[0])
	b.signIn(2, users[1])

	host := "/subscriptions/" + b.boot.Subscription + "/resourceGroups/" + b.boot.Site + "/providers/Microsoft.DesktopVirtualization/hostPools/desktops/sessionHosts/" + hostName + "/userSessions"
	var ids map[string]string // user -> name of the session in the path
	until(t, "both sessions are listed", func() (bool, any) {
		status, body := b.azure(http.MethodGet, host, "")
		ids = sessionNames(body)
		return len(ids) == 2, status + body
	})
	one := host + "/" + ids["alice"]
	for _, step := range []struct{ method, path, body, call string }{
		{http.MethodPost, one + "/sendMessage", `{"messageTitle": "Maintenance", "messageBody": "Please save your work."}`, "message 1 Maintenance: Please save your work."},
		{http.MethodPost, one + "/disconnect", "", "disconnect 1"},
		{http.MethodDelete, one, "", "logoff 1"},
	} {
		if status, body := b.azure(step.method, step.path, step.body); !strings.HasPrefix(status, "200") {
			t.Errorf("%s %s: %s %s", step.method, step.path, status, body)
		}
		if n := b.calls(step.call); n != 1 {
			t.Errorf("%d calls %q, want one", n, step.call)
		}
	}
	until(t, "one session is left", func() (bool, any) {
		_, body := b.azure(http.MethodGet, host, "")
		left := sessionNames(body)
		return len(left) == 1 && left["bob"] != "", body
	})
	b.inject("logoff", "0x80070005")
	if status, body := b.azure(http.MethodDelete, host+"/"+ids["bob"], ""); strings.HasPrefix(status, "2") || !strings.Contains(body, "0x80070005") {
		t.Errorf("a session that cannot be ended: %s %s", status, body)
	}
}

// TestExpand asks for an image that only the Windows host can open, and for one that nobody can.
func TestExpand(t *testing.T) {
	b := newBench(t)
	_, err := b.client.AddPool(t.Context(), wire.AddPool{Name: "desktops", Kind: berth.KindAVD, Now: true})
	b.must(err)
	fullName, path := b.newSigner().image("1.0.0.0", "notes-1.vhdx")
	b.enrollWith(wire.CreateEnrollKey{Name: "wine", Kind: berth.KindAVD, Pool: "desktops"})
	b.start()
	t.Cleanup(func() { b.stop() })
	pool := "/subscriptions/" + b.boot.Subscription + "/resourceGroups/" + b.boot.Site + "/providers/Microsoft.DesktopVirtualization/hostPools/desktops"
	onWindows := strings.ReplaceAll("Z:"+path, "/", `\\`) // a drive that the server, on Linux, has not
	until(t, "the host tells what is in the image", func() (bool, any) {
		status, body := b.azure(http.MethodPost, pool+"/expandMsixImage", `{"uri": "`+onWindows+`"}`)
		return strings.HasPrefix(status, "200") && strings.Contains(body, fullName), status + body
	})
	status, body := b.azure(http.MethodPost, pool+"/expandMsixImage", `{"uri": "Z:\\nowhere\\none.vhdx"}`)
	if !strings.HasPrefix(status, "400") || !strings.Contains(body, hostName) || !strings.Contains(body, "0x8007000") {
		t.Errorf("an image that is not there: %s %s", status, body)
	}
}

// azure makes a request as Azure's clients do, and returns status and body.
func (b *bench) azure(method, path, body string) (status, text string) {
	b.t.Helper()
	var sent io.Reader
	if body != "" {
		sent = strings.NewReader(body)
	}
	resp, err := b.client.Raw(b.t.Context(), method, path+"?api-version=2024-04-03", sent)
	b.must(err)
	all, err := io.ReadAll(resp.Body)
	b.must(err)
	b.must(resp.Body.Close())
	return resp.Status, string(all)
}

// sessionNames reads a list of sessions: the last part of each name, by the user without the domain.
func sessionNames(body string) map[string]string {
	var list struct {
		Value []struct {
			Name       string
			Properties struct{ UserPrincipalName string }
		}
	}
	names := map[string]string{}
	if json.Unmarshal([]byte(body), &list) != nil {
		return names
	}
	for _, s := range list.Value {
		user := s.Properties.UserPrincipalName
		user = user[strings.LastIndexByte(user, '\\')+1:]
		user, _, _ = strings.Cut(user, "@")
		names[user] = s.Name[strings.LastIndexByte(s.Name, '/')+1:]
	}
	return names
}
