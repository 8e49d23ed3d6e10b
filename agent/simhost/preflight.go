package simhost

import (
	"context"

	"berth"
	"berth/agent"
)

var _ agent.Preflighter = (*Host)(nil)

// Preflight says that there is nothing to try.
func (h *Host) Preflight(context.Context, berth.PreflightRequest) ([]berth.PreflightCheck, error) {
	return []berth.PreflightCheck{{Name: berth.CheckImage, Result: berth.PreflightNotApplicable,
		Message: "this host is simulated and holds no disk: images are not opened"}}, nil
}
