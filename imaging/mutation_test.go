package imaging

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"testing"

	"berth"
	"berth/test/mutate"
)

// TestMutants damages images and packages where the use cases read them, and has each end with a result or with an error that
// people can read.
func TestMutants(t *testing.T) {
	for _, name := range []string{"coffee-gpt-dyn.vhd", "coffee-gpt-fix.vhdx", "coffee-mbr-fat32.vhd", "coffee-nopt-root.vhd", "multi-gpt-dyn.vhdx", "unsigned.vhdx"} {
		t.Run(name, func(t *testing.T) {
			data := sample(t, "generated-appattach/"+name+".gz")
			mutants(t, data, func(l *Library) error {
				if _, err := l.Inspect(context.Background(), name); err != nil {
					return err
				}
				_, err := l.VerifyImage(context.Background(), name, VerifyOptions{Roots: x509.NewCertPool()})
				return err
			})
		})
	}
	for _, name := range []string{"microsoft_winget-cli/Installer-Signed-Good.msixbundle", "microsoft_msix-packaging/flat/language-de.appx"} {
		t.Run(name, func(t *testing.T) {
			mutants(t, sample(t, name), func(l *Library) error {
				if _, err := l.InspectPackage(context.Background(), name); err != nil {
					return err
				}
				_, err := l.VerifyPackage(context.Background(), name, VerifyOptions{Roots: x509.NewCertPool()})
				return err
			})
		})
	}
}

func mutants(t *testing.T, data []byte, try func(*Library) error) {
	t.Helper()
	mutate.Settle()
	mutate.Run(t, bytes.NewReader(data), int64(len(data)), 1, mutate.Count(5), func(r io.ReaderAt, size int64) {
		l := New(&fake{r: r, size: size, closed: make(chan struct{})}, slog.New(slog.DiscardHandler))
		if err := try(l); err != nil {
			if e, ok := errors.AsType[*berth.Error](err); !ok || e.Kind == berth.Internal || e.Remedy == "" {
				t.Errorf("an error that is not worded for people: %T %v", err, err)
			}
		}
	})
}
