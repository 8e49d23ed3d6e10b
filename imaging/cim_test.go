package imaging

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"berth"
	"berth/test/cimimage"
)

// cimOf writes the volume of an image as a composite one and returns the path of its .cim file.
func cimOf(t *testing.T, name string) string {
	t.Helper()
	files, err := library(t).Open(context.Background(), image(t, name), -1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = files.Close() }()
	dir := t.TempDir()
	err = cimimage.Write(files, "app", nil, func(name string, b []byte) error {
		return os.WriteFile(filepath.Join(dir, name), b, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "app.cim")
}

// TestCompositeImages reads packages out of a CIM and says that this is unverified.
func TestCompositeImages(t *testing.T) {
	file := cimOf(t, "coffee-gpt-dyn.vhdx")
	img, err := library(t).Inspect(context.Background(), file)
	if err != nil {
		t.Fatal(err)
	}
	if img.Format != "cim" || !img.Unverified || len(img.Notes) != 1 || !strings.Contains(img.Notes[0], "unverified") || img.Volumes[0].FileSystem != "CimFS" {
		t.Errorf("%+v", img)
	}
	if len(img.Packages) != 1 || img.Packages[0].FullName != coffee {
		t.Errorf("packages %+v", img.Packages)
	}
	v, err := library(t).VerifyImage(context.Background(), file, VerifyOptions{})
	if err != nil || !v.OK || len(v.Packages) != 1 {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestCompositeImagesMissFiles takes one file of the image away.
func TestCompositeImagesMissFiles(t *testing.T) {
	file := cimOf(t, "coffee-gpt-dyn.vhdx")
	if err := os.Remove(filepath.Join(filepath.Dir(file), "region_"+cimimage.ID+"_1")); err != nil {
		t.Fatal(err)
	}
	_, err := library(t).Inspect(context.Background(), file)
	fails(t, err, berth.Invalid, codeFSCorrupt)
	if !strings.Contains(err.Error(), "region_"+cimimage.ID+"_1 is not beside the image") {
		t.Error(err)
	}
}
