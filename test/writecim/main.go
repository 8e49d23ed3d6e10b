// Command writecim writes the files of a folder as a composite image, for tests that drive the program from outside.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"berth/test/cimimage"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: writecim FOLDER IMAGE.cim")
		os.Exit(2)
	}
	dir, name := filepath.Dir(os.Args[2]), strings.TrimSuffix(filepath.Base(os.Args[2]), ".cim")
	err := cimimage.Write(os.DirFS(os.Args[1]), name, nil, func(name string, b []byte) error {
		return os.WriteFile(filepath.Join(dir, name), b, 0o644)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "writecim:", err)
		os.Exit(1)
	}
}
