package agent

import "berth"

// steady returns the room to report: the one reported before while it moved by less than a sixteenth of the volume, or of
// what was free. Disks of busy machines change every second, and every change of the facts is sent.
func steady(before, now *berth.Disk) *berth.Disk {
	if before == nil || now == nil || before.Path != now.Path || before.Total != now.Total {
		return now
	}
	moved := now.Free - before.Free
	if moved < 0 {
		moved = -moved
	}
	if moved > before.Free/16 || moved > before.Total/16 {
		return now
	}
	return before
}
