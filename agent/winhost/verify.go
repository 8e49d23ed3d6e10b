package winhost

import (
	"context"
	"errors"
	"io/fs"

	"berth"
	"berth/agent"
	"berth/imaging"
)

// checkContent checks an expanded package: all of it, or manifest and code. Its error names the first file that differs.
func checkContent(ctx context.Context, fsys fs.FS, p berth.PlannedPackage, o imaging.CheckOptions) error {
	err := imaging.CheckContent(ctx, fsys, p, o)
	if err == nil || ctx.Err() != nil {
		return err
	}
	phase := berth.PhaseVerify
	if e, ok := errors.AsType[*berth.Error](err); ok && e.Code == codeUnsigned {
		phase = berth.PhaseTrust
	}
	return agent.InPhase(phase, coded(err, "cannot read the package in "+p.ImagePath))
}
