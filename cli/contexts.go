package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"berth"
	"berth/client"
)

// contextFile is config.yaml in the user's folder of settings: the servers that somebody signed in to.
type contextFile struct {
	Current  string         `yaml:"current,omitempty"`
	Contexts []savedContext `yaml:"contexts"`
}

// savedContext is one server with the sign-in to it. The file holds secrets: only its owner may read it.
type savedContext struct {
	Name        string `yaml:"name"`
	Server      string `yaml:"server"`
	Token       string `yaml:"token,omitempty"`
	CA          string `yaml:"ca,omitempty"` // PEM, so that the file of the login is not needed any more
	Fingerprint string `yaml:"fingerprint,omitempty"`
	Site        string `yaml:"site,omitempty"`

	told func(client.Exchange) // sees every request; nil: nobody wants to
}

// client returns a client of the context's server.
func (c savedContext) client() (*client.Client, error) {
	if c.Server == "" {
		return nil, usage("server", "sign in first: `berth login --server https://HOST:PORT --token TOKEN`", "no server is named")
	}
	made, err := client.New(client.Options{Server: c.Server, Token: c.Token, CA: []byte(c.CA), Fingerprint: c.Fingerprint, Site: c.Site, Face: "cli", Told: c.told})
	if err != nil {
		return nil, coded{err, ExitUsage} // nothing was asked of the server yet: what it was called with is wrong
	}
	return made, nil
}

// configPath follows the XDG Base Directory Specification, and %AppData% on Windows.
func (p *program) configPath() (string, error) {
	if dir := p.Env("XDG_CONFIG_HOME"); filepath.IsAbs(dir) { // a relative one is to be ignored, says the specification
		return filepath.Join(dir, "berth", "config.yaml"), nil
	}
	if runtime.GOOS == "windows" {
		if dir := p.Env("AppData"); dir != "" {
			return filepath.Join(dir, "berth", "config.yaml"), nil
		}
	}
	if home := p.Env("HOME"); home != "" {
		return filepath.Join(home, ".config", "berth", "config.yaml"), nil
	}
	return "", berth.Errorf(berth.Invalid, "there is no folder for settings").With("set XDG_CONFIG_HOME")
}

// readContexts reads the file; one that is not there holds nothing.
func (p *program) readContexts() (f contextFile, err error) {
	path, err := p.configPath()
	if err != nil {
		return f, nil // nowhere to save is no reason not to work with flags
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, berth.Errorf(berth.Invalid, "contexts: %w", err)
	}
	if err := yaml.Unmarshal(b, &f); err != nil {
		return f, berth.Errorf(berth.Invalid, "contexts in %s: %w", path, err).With("repair the file, or delete it and sign in again")
	}
	return f, nil
}

// write replaces the file whole, so that whoever reads it meanwhile, or a crash, finds the old one or the new one.
func (p *program) writeContexts(f contextFile) error {
	path, err := p.configPath()
	if err != nil {
		return err
	}
	b, err := yaml.Marshal(f)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return berth.Errorf(berth.Invalid, "contexts: %w", err)
	}
	t, err := os.CreateTemp(dir, ".config-*") // mode 0600
	if err != nil {
		return berth.Errorf(berth.Invalid, "contexts: %w", err)
	}
	_, err = t.Write(b)
	err = errors.Join(err, t.Sync(), t.Close())
	if err == nil {
		err = os.Rename(t.Name(), path)
	}
	if err != nil {
		_ = os.Remove(t.Name())
		return berth.Errorf(berth.Invalid, "contexts: %w", err)
	}
	return nil
}

func (f contextFile) index(name string) int {
	return slices.IndexFunc(f.Contexts, func(c savedContext) bool { return berth.Fold(c.Name) == berth.Fold(name) })
}

func (f contextFile) find(name string) (savedContext, error) {
	if i := f.index(name); i >= 0 {
		return f.Contexts[i], nil
	}
	e := berth.Errorf(berth.NotFound, "there is no context %q", name).On("context")
	if len(f.Contexts) == 0 {
		return savedContext{}, e.With("sign in first: `berth login`")
	}
	return savedContext{}, e.With("use one of " + strings.Join(namesOf(f.Contexts, func(c savedContext) string { return c.Name }), ", "))
}

// put adds the context, or replaces the one of its name.
func (f *contextFile) put(c savedContext) {
	if i := f.index(c.Name); i >= 0 {
		f.Contexts[i] = c
		return
	}
	f.Contexts = append(f.Contexts, c)
}

// reason takes the path out of an error of the system, for messages that name it already.
func reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
