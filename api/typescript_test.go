package api_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"berth/api/typescript"
)

// TestConsoleTypes holds the console's types against the server's: they are made from the same code, or this fails.
func TestConsoleTypes(t *testing.T) {
	document, err := newSite(t).api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	got, err := typescript.Write(document)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("..", "console", "src", "api", "schema.ts")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil || strings.ReplaceAll(string(have), "\r\n", "\n") != string(got) {
		t.Errorf("%s is not what the server offers (%v): run go generate ./console", file, err)
	}
}
