package auth

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"berth"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// newCredential makes a credential and the text of its secret.
func newCredential(t *testing.T, kind berth.CredentialKind) (berth.Credential, string) {
	t.Helper()
	id, text, hash, err := NewSecret(kind, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return berth.Credential{ID: id, Kind: kind, Name: "laptop", Hash: hash, CreatedAt: noon}, text
}

func TestSecretForm(t *testing.T) {
	// The zero bits and the one bits show that each part takes its own bytes.
	id, text, hash, err := NewSecret(berth.CredentialToken, io.MultiReader(bytes.NewReader(make([]byte, 10)), bytes.NewReader(bytes.Repeat([]byte{255}, 32))))
	want := "bth_" + strings.Repeat("0", 16) + "_" + strings.Repeat("z", 51) + "g"
	sum := sha256.Sum256(bytes.Repeat([]byte{255}, 32))
	if err != nil || text != want || id != strings.Repeat("0", 16) || !bytes.Equal(hash, sum[:]) {
		t.Errorf("got id %q, text %q, hash %x, %v\nwant text %q, hash %x", id, text, hash, err, want, sum)
	}
	form := regexp.MustCompile(`^bek_[0-9a-hjkmnp-tv-z]{16}_[0-9a-hjkmnp-tv-z]{52}$`)
	seen := map[string]bool{}
	for range 200 {
		c, text := newCredential(t, berth.CredentialEnroll)
		if !form.MatchString(text) || !strings.HasPrefix(text, "bek_"+c.ID+"_") {
			t.Fatalf("%q is not of the form, with the id %q", text, c.ID)
		}
		if seen[text] || seen[c.ID] {
			t.Fatalf("%q came twice", text)
		}
		seen[text], seen[c.ID] = true, true
	}
}

func TestSecretNeedsRandomBytes(t *testing.T) {
	broken := errors.New("no entropy")
	for name, random := range map[string]io.Reader{"error": iotest.ErrReader(broken), "short": bytes.NewReader(make([]byte, 41))} {
		if _, text, _, err := NewSecret(berth.CredentialToken, random); err == nil || text != "" {
			t.Errorf("%s: got %q and %v", name, text, err)
		}
	}
	if _, _, _, err := NewSecret("password", rand.Reader); err == nil {
		t.Error("a kind without secrets got one")
	}
}

func TestParseSecret(t *testing.T) {
	c, text := newCredential(t, berth.CredentialToken)
	for name, same := range map[string]string{"as given": text, "upper case": strings.ToUpper(text), "with a line end": " " + text + "\r\n"} {
		id, secret, err := ParseSecret(same)
		if err != nil || id != c.ID || !Matches(c, secret) {
			t.Errorf("%s: id %q, match %v, %v", name, id, Matches(c, secret), err)
		}
	}
	id, secret := strings.Repeat("0", 16), strings.Repeat("0", 52)
	if _, _, err := ParseSecret("bth_" + id + "_" + secret); err != nil {
		t.Fatalf("the pattern of the cases below is wrong itself: %v", err)
	}
	for name, text := range map[string]string{
		"empty":              "",
		"no parts":           "bth",
		"other prefix":       "ghp_" + id + "_" + secret,
		"no prefix":          "_" + id + "_" + secret,
		"no secret":          "bth_" + id,
		"empty secret":       "bth_" + id + "_",
		"empty id":           "bth__" + secret,
		"short secret":       "bth_" + id + "_" + secret[1:],
		"long secret":        "bth_" + id + "_" + secret + "0",
		"eight more letters": "bth_" + id + "_" + secret + "00000000",
		"short id":           "bth_" + id[1:] + "_" + secret,
		"fourth part":        "bth_" + id + "_" + secret + "_",
		"look-alike":         "bth_" + id + "_" + secret[:51] + "o",
		"leftover bits":      "bth_" + id + "_" + secret[:51] + "1",
		"space inside":       "bth_" + id + "_" + secret[:51] + " 0",
		"line end inside":    "bth_" + id + "_" + secret[:20] + "\n" + secret[20:],
		"line end in the id": "bth_" + id[:8] + "\r\n" + id[8:] + "_" + secret,
		"padding":            "bth_" + id + "_" + secret + "====",
		"not UTF-8":          "bth_" + id + "_" + secret[:51] + "\xff",
		"very long":          strings.Repeat("_", 1<<20),
	} {
		id, secret, err := ParseSecret(text)
		if err == nil || id != "" || secret != nil {
			t.Errorf("%s: got %q, %x, %v", name, id, secret, err)
			continue
		}
		if berth.ErrorKind(err) != berth.Unauthenticated || len(text) > 8 && strings.Contains(err.Error(), text) {
			t.Errorf("%s: kind %s, %v", name, berth.ErrorKind(err), err)
		}
	}
}

func FuzzParseSecret(f *testing.F) {
	_, text, _, err := NewSecret(berth.CredentialEnroll, rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("bth__")
	f.Fuzz(func(t *testing.T, text string) {
		id, secret, err := ParseSecret(text)
		if err != nil {
			return
		}
		// Each secret has one text only, but for case and the white space around it.
		again := berth.Fold(text)[:4] + id + "_" + letters().EncodeToString(secret)
		if again != berth.Fold(text) || len(secret) != secretBytes {
			t.Errorf("%q was read as %q", text, again)
		}
	})
}

func TestVerify(t *testing.T) {
	good, text := newCredential(t, berth.CredentialEnroll)
	good.MaxUses, good.Uses, good.ExpiresAt = 2, 1, noon.Add(time.Hour)
	_, secret, err := ParseSecret(text)
	if err != nil {
		t.Fatal(err)
	}
	forged := bytes.Clone(secret)
	forged[31] ^= 1
	const unknown = "not known"
	for name, tt := range map[string]struct {
		change func(*berth.Credential)
		secret []byte
		want   string // part of the error; "" is none
	}{
		"good":             {func(*berth.Credential) {}, secret, ""},
		"expired":          {func(c *berth.Credential) { c.ExpiresAt = noon }, secret, "expired"},
		"revoked":          {func(c *berth.Credential) { c.RevokedAt = noon.Add(-time.Hour) }, secret, "revoked"},
		"used up":          {func(c *berth.Credential) { c.Uses = 2 }, secret, "used up"},
		"other kind":       {func(c *berth.Credential) { c.Kind = berth.CredentialToken }, secret, unknown},
		"forged":           {func(*berth.Credential) {}, forged, unknown},
		"forged, revoked":  {func(c *berth.Credential) { c.RevokedAt = noon }, forged, unknown},
		"cut":              {func(*berth.Credential) {}, secret[:31], unknown},
		"none":             {func(*berth.Credential) {}, nil, unknown},
		"hash itself":      {func(*berth.Credential) {}, good.Hash, unknown},
		"no hash":          {func(c *berth.Credential) { c.Hash = nil }, secret, unknown},
		"no hash, nothing": {func(c *berth.Credential) { c.Hash = nil }, nil, unknown},
		"cut hash":         {func(c *berth.Credential) { c.Hash = c.Hash[:8] }, secret, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			tt.change(&c)
			err := Verify(c, berth.CredentialEnroll, tt.secret, noon)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if berth.ErrorKind(err) != berth.Unauthenticated || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
			if tt.want == unknown && err.Error() != Unknown(berth.CredentialEnroll).Error() {
				t.Errorf("%q differs from what is said of an id that is not there", err)
			}
		})
	}
}

// TestComparisonTakesTheSameTime reads the source: a measurement would say nothing on a busy machine. A hash must be
// compared by crypto/subtle, and by nothing else anywhere in the file.
func TestComparisonTakesTheSameTime(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "secret.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if pkg, ok := s.X.(*ast.Ident); ok {
				used[pkg.Name+"."+s.Sel.Name] = true
			}
		}
		return true
	})
	if !used["subtle.ConstantTimeCompare"] || used["bytes.Equal"] || used["bytes.Compare"] || used["slices.Equal"] || used["hmac.Equal"] {
		t.Errorf("secret.go compares with something else than subtle.ConstantTimeCompare: %v", used)
	}
}
