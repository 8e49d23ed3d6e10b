package winhost

import (
	"time"

	"github.com/google/uuid"

	"berth"
)

// cimSpace makes the ids of volumes of CIM images.
const cimSpace = "6f1c6f0e-3d0a-5f0b-9c53-0d1f2a6b7c11"

// CIMVolume is the GUID that the volume of a CIM image gets: the one who mounts chooses it. The same image at the same path
// has the same one, so that an agent that starts anew finds it again.
func CIMVolume(path string, changed time.Time) string {
	return uuid.NewSHA1(uuid.MustParse(cimSpace), []byte(berth.Fold(path)+"|"+changed.UTC().Format(time.RFC3339Nano))).String()
}
