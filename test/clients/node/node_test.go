// Package node_test drives a Berth server with Microsoft's Azure SDK for JavaScript, unchanged.
package node_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"berth.test/server"
)

// install brings what package-lock.json names into node_modules, once.
func install(t *testing.T) {
	t.Helper()
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("skipped: npm is not installed (Node 20 or newer)")
	}
	lock, err := os.Stat("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if done, err := os.Stat("node_modules/.package-lock.json"); err == nil && !done.ModTime().Before(lock.ModTime()) {
		return
	}
	if out, err := exec.Command(npm, "ci", "--no-audit", "--no-fund", "--loglevel=error").CombinedOutput(); err != nil {
		t.Skipf("skipped: npm cannot fetch the SDK: %v: %s", err, out)
	}
}

// TestWholeWay runs whole.test.mjs against a server, with an image that is there and a host that enrols as soon as the
// script has a registration token.
func TestWholeWay(t *testing.T) {
	install(t)
	s := server.Start(t)
	image := server.Image(t, s, s.Dir)
	c := exec.Command("node", "--test", "--test-reporter=spec", "whole.test.mjs")
	c.Env = append(s.Environment(), "BERTH_TEST_IMAGE="+image, "BERTH_TEST_STATE="+filepath.Join(t.TempDir(), "state"))
	out, err := c.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
