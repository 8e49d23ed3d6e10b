package winhost

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"berth"
	"berth/agent"
	"berth/imaging"
	"berth/msix"
)

// isPackageFile tells the path of a package in its container. Frameworks come so; Windows copies them when they are staged.
func isPackageFile(path string) bool {
	path = strings.ToLower(path)
	return strings.HasSuffix(path, ".appx") || strings.HasSuffix(path, ".msix")
}

// checkPackageFile checks a package in its container whole, and that it is what the server recorded.
func checkPackageFile(ctx context.Context, path string, p berth.PlannedPackage) error {
	f, err := os.Open(path)
	if err != nil {
		return agent.InPhase(berth.PhaseAttach, coded(err, "cannot open the package "+path))
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return agent.InPhase(berth.PhaseAttach, coded(err, "cannot open the package "+path))
	}
	return inPhase(ctx, imaging.CheckContainer(ctx, f, info.Size(), p), p)
}

// copyFile copies a file from a share into the state folder; half a copy stays nowhere.
func copyFile(ctx context.Context, from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, &until{ctx, in})
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = agent.Remove(to) // it is replaced at the next try too
	}
	return err
}

// until reads for as long as the context goes on.
type until struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (u *until) Read(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, context.Cause(u.ctx)
	}
	return u.r.Read(p)
}

// identityOf takes a full name apart: Name_Version_Architecture_ResourceId_PublisherId.
func identityOf(fullName string) (version berth.Version, architecture string, ok bool) {
	parts := strings.Split(fullName, "_")
	if len(parts) != 5 {
		return version, "", false
	}
	version, err := berth.ParseVersion(parts[1])
	return version, strings.ToLower(parts[2]), err == nil
}

// serves tells whether a framework that the machine has will do where another one, or at least a version, is asked for.
func serves(has string, lowest berth.Version, architecture string) bool {
	version, arch, ok := identityOf(has)
	architecture = strings.ToLower(architecture)
	sameArch := arch == architecture || arch == "neutral" || architecture == "neutral" || architecture == ""
	return ok && sameArch && version.Compare(lowest) >= 0
}

// best is the highest version among names of packages; empty when there is none.
func best(names []string) string {
	highest, at := berth.Version{}, ""
	for _, n := range names {
		if v, _, ok := identityOf(n); ok && (at == "" || v.Compare(highest) > 0) {
			highest, at = v, n
		}
	}
	return at
}

// missing words a framework that the machine does not have. planned is the one that the plan has for it and that could not
// be staged; empty: the plan has none.
func missing(p berth.PlannedPackage, d msix.Dependency, architecture string, has []string, planned string) error {
	there := "none"
	if len(has) > 0 {
		there = "only " + strings.Join(has, ", ")
	}
	text := fmt.Sprintf("%s needs the framework %s %s or newer for %s, of %s; this host has %s", p.FullName, d.Name, d.MinVersion, architecture, d.Publisher, there)
	remedy := fmt.Sprintf("add %s to the catalogue: its .appx or .msix file, or an image that has it", d.Name)
	if planned != "" {
		text += ", and " + planned + " could not be staged"
		remedy = "see why " + planned + " could not be staged: berth host show"
	}
	return &berth.Error{Kind: berth.Unavailable, Code: codeNoFramework, Message: text, Remedy: remedy}
}
