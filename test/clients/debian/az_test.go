// Package debian_test drives a Berth server with the Azure command line and with Azure's libraries for Python, unchanged, as
// Debian packages them.
package debian_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"berth.test/server"
)

// az is the Azure command line in a folder of its own.
type az struct {
	*testing.T
	s   *server.Server
	env []string
}

// call runs a command, which must succeed, and reads the JSON that it prints into a value.
func (a *az) call(into any, args ...string) {
	a.Helper()
	out, err := a.try(args...)
	if err != nil {
		a.Fatalf("az %s: %v", strings.Join(args, " "), err)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(out, into); err != nil {
		a.Fatalf("az %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// try runs a command; the error has what it says.
func (a *az) try(args ...string) ([]byte, error) {
	c := exec.CommandContext(a.Context(), "az", args...)
	c.Env = a.env
	out, err := c.Output()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%w: %s", err, e.Stderr)
	}
	return out, err
}

// rest sends a request by az rest.
func (a *az) rest(into any, method, path, body string) {
	a.Helper()
	args := []string{"rest", "--method", method, "--url", path}
	if body != "" {
		args = append(args, "--body", body)
	}
	a.call(into, args...)
}

const namespace = "Microsoft.DesktopVirtualization"

func TestAzureCommandLine(t *testing.T) {
	if _, err := exec.LookPath("az"); err != nil {
		t.Skip("skipped: az is not installed (package azure-cli)")
	}
	s := server.Start(t)
	image := server.Image(t, s, s.Dir)
	a := &az{t, s, append(s.Environment(), "AZURE_CONFIG_DIR="+t.TempDir(), "AZURE_CORE_COLLECT_TELEMETRY=no", "AZURE_CORE_NO_COLOR=yes")}
	a.call(nil, "cloud", "register", "--name", "Berth", "--endpoint-resource-manager", s.Endpoint+"/") // with a slash, which it then doubles
	a.call(nil, "cloud", "set", "--name", "Berth")
	var accounts []struct{ ID, TenantID, State string }
	a.call(&accounts, "login", "--service-principal", "--username", s.ClientID, "--password", s.ClientSecret, "--tenant", s.TenantID)
	if len(accounts) != 1 || accounts[0].ID != s.SubscriptionID || accounts[0].State != "Enabled" {
		t.Fatalf("signed in to %+v", accounts)
	}
	var places []struct{ Name string }
	if a.call(&places, "account", "list-locations"); len(places) != 1 {
		t.Errorf("locations %+v", places)
	}
	a.call(nil, "group", "create", "--name", "desks", "--location", "westeurope")
	var exists bool
	if a.call(&exists, "group", "exists", "--name", "desks"); !exists {
		t.Error("the group is not there")
	}

	// The version of the API is looked up at the provider; the location is that of the group; slashes are doubled.
	var pool struct {
		Name, Location string
		Properties     map[string]any
	}
	a.call(&pool, "resource", "create", "--resource-group", "desks", "--name", "hp1", "--namespace", namespace, "--resource-type", "hostPools",
		"--properties", `{"hostPoolType": "Pooled", "loadBalancerType": "BreadthFirst", "preferredAppGroupType": "Desktop", "friendlyName": "Front"}`)
	if pool.Name != "hp1" || pool.Location != "westeurope" || pool.Properties["friendlyName"] != "Front" {
		t.Errorf("%+v", pool)
	}
	in := "/subscriptions/" + s.SubscriptionID + "/resourceGroups/desks/providers/" + namespace
	const v = "?api-version=2025-10-10"
	var expanded struct {
		Value []struct{ Properties map[string]any }
	}
	a.rest(&expanded, "post", in+"/hostPools/hp1/expandMsixImage"+v, fmt.Sprintf(`{"uri": %q}`, image))
	if len(expanded.Value) != 1 || expanded.Value[0].Properties["packageFullName"] == nil {
		t.Fatalf("%+v", expanded)
	}
	name, _ := expanded.Value[0].Properties["packageFullName"].(string)
	p := expanded.Value[0].Properties
	p["isActive"] = true
	properties, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var made struct {
		ID, Name   string
		Properties map[string]any
	}
	create := []string{"resource", "create", "--resource-group", "desks", "--name", name, "--namespace", namespace, "--parent", "hostPools/hp1", "--resource-type", "msixPackages"}
	a.call(&made, append(create, "--properties", string(properties))...)
	if made.Name != "hp1/"+name || made.Properties["isActive"] != true || made.Properties["lastUpdated"] != p["lastUpdated"] {
		t.Errorf("%+v", made)
	}
	a.call(&made, "resource", "show", "--ids", made.ID)
	a.rest(&made, "patch", made.ID+v, `{"properties": {"isActive": false}}`)
	if made.Properties["isActive"] != false {
		t.Errorf("patched: %+v", made)
	}
	a.call(nil, "resource", "delete", "--ids", made.ID)
	if _, err := a.try("resource", "show", "--ids", made.ID); err == nil || !strings.Contains(err.Error(), "ResourceNotFound") {
		t.Errorf("after deleting: %v", err)
	}

	// App attach.
	pool1 := in + "/hostPools/hp1"
	appAttach, err := json.Marshal(map[string]any{"location": "westeurope", "properties": map[string]any{"image": p, "hostPoolReferences": []string{pool1}}})
	if err != nil {
		t.Fatal(err)
	}
	a.rest(&made, "put", in+"/appAttachPackages/notes"+v, string(appAttach))
	var tracked []struct{ Name, Type string }
	if a.call(&tracked, "resource", "list", "--resource-group", "desks"); len(tracked) != 2 {
		t.Errorf("resources: %+v", tracked)
	}
	a.rest(nil, "delete", in+"/appAttachPackages/notes"+v, "")

	var info struct{ Token string }
	a.rest(nil, "patch", pool1+v, `{"properties": {"registrationInfo": {"registrationTokenOperation": "Update", "expirationTime": "`+inFourHours()+`"}}}`)
	a.rest(&info, "post", pool1+"/retrieveRegistrationToken"+v, "")
	if !strings.HasPrefix(info.Token, "bek_") {
		t.Errorf("the token is %q", info.Token)
	}
	a.call(nil, "resource", "delete", "--resource-group", "desks", "--name", "hp1", "--namespace", namespace, "--resource-type", "hostPools")
	a.call(nil, "group", "delete", "--name", "desks", "--yes")
	if a.call(&exists, "group", "exists", "--name", "desks"); exists {
		t.Error("the group is still there")
	}
}

func TestPython(t *testing.T) {
	const python = "/usr/bin/python3"
	if out, err := exec.Command(python, "-c", "import azure.identity, azure.mgmt.desktopvirtualization").CombinedOutput(); err != nil {
		t.Skipf("skipped: Azure's libraries for Python are not installed (package python3-azure): %s", out)
	}
	s := server.Start(t)
	image := server.Image(t, s, s.Dir)
	c := exec.Command(python, "whole.py")
	c.Env = append(s.Environment(), "BERTH_TEST_IMAGE="+image)
	out, err := c.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "all done\n") {
		t.Errorf("%v\n%s", err, out)
	}
}

// inFourHours is a moment as clients write it.
func inFourHours() string { return time.Now().Add(4 * time.Hour).UTC().Format(time.RFC3339) }

// moveScript is the script of the documentation's move guide.
func moveScript(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile("../../../docs/azure.md")
	if err != nil {
		t.Fatal(err)
	}
	_, script, ok := strings.Cut(string(doc), "```sh\n# avd-export")
	script, _, end := strings.Cut(script, "```")
	if !ok || !end {
		t.Fatal("the documentation has no script to move with")
	}
	return "# avd-export" + script
}

// TestMove plays the move guide between two servers, of which one stands for AVD, and back again.
func TestMove(t *testing.T) {
	for _, command := range []string{"az", "jq", "bash"} {
		if _, err := exec.LookPath(command); err != nil {
			t.Skipf("skipped: %s is not installed", command)
		}
	}
	from, to := server.Start(t), server.Start(t)
	both := filepath.Join(t.TempDir(), "both.pem") // authorities of both, as a machine that reaches both trusts both
	var pem []byte
	for _, s := range []*server.Server{from, to} {
		b, err := os.ReadFile(s.CAFile)
		if err != nil {
			t.Fatal(err)
		}
		pem = append(pem, b...)
	}
	if err := os.WriteFile(both, pem, 0o600); err != nil {
		t.Fatal(err)
	}
	a := &az{t, from, append(os.Environ(), "REQUESTS_CA_BUNDLE="+both, "AZURE_CONFIG_DIR="+t.TempDir(), "AZURE_CORE_COLLECT_TELEMETRY=no")}
	use := func(name string, s *server.Server) {
		a.call(nil, "cloud", "set", "--name", name)
		a.call(nil, "login", "--service-principal", "--username", s.ClientID, "--password", s.ClientSecret, "--tenant", s.TenantID)
	}
	for name, s := range map[string]*server.Server{"Cloud": from, "Berth": to} {
		a.call(nil, "cloud", "register", "--name", name, "--endpoint-resource-manager", s.Endpoint)
	}
	use("Cloud", from)
	a.call(nil, "group", "create", "--name", "desks", "--location", "westeurope")
	in := "/subscriptions/" + from.SubscriptionID + "/resourceGroups/desks/providers/" + namespace
	const v = "?api-version=2025-10-10"
	a.rest(nil, "put", in+"/hostPools/pool%201"+v, `{"location": "westeurope", "tags": {"cost": "7"}, "properties": {"hostPoolType": "Pooled",
		"loadBalancerType": "DepthFirst", "preferredAppGroupType": "Desktop", "friendlyName": "Front & back"}}`)
	a.rest(nil, "put", in+"/hostPools/pool%201/msixPackages/App_1.0.0.0_x64__abcdefghjkmnp"+v, `{"properties": {"isActive": true, "imagePath": "\\\\files\\app.vhdx",
		"lastUpdated": "2008-09-22T14:01:54.9571247Z"}}`)
	a.rest(nil, "put", in+"/appAttachPackages/tool"+v, `{"location": "westeurope", "properties": {"hostPoolReferences": ["`+in+`/hostPools/pool 1"],
		"image": {"packageFullName": "Tool_1.0.0.0_x64__abcdefghjkmnp", "imagePath": "\\\\files\\tool.vhdx", "isActive": true}}}`)

	dir := t.TempDir()
	run := func(command string) {
		t.Helper()
		c := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", moveScript(t)+"\n"+command)
		c.Env, c.Dir = a.env, dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	run("avd_export desks there.json")
	use("Berth", to)
	a.call(nil, "group", "create", "--name", "desks", "--location", "westeurope")
	run("avd_import there.json desks; avd_export desks here.json")
	use("Cloud", from)
	run("avd_import here.json desks; avd_export desks back.json")
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return ids.ReplaceAllString(string(b), "ID")
	}
	there, here, back := read("there.json"), read("here.json"), read("back.json")
	if !strings.Contains(there, "Front & back") || !strings.Contains(there, "2008-09-22T14:01:54.9571247Z") || strings.Count(there, `"isActive": true`) != 2 {
		t.Errorf("exported: %s", there)
	}
	if here != there || back != there {
		t.Errorf("the way there and back changed something:\n%s\n%s\n%s", there, here, back)
	}
}

// ids are those of the farm and of what is in it, which differ from one to the other.
var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
