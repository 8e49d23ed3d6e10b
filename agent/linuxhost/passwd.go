//go:build linux

package linuxhost

import (
	"context"
	"errors"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"time"

	"berth"
)

// patienceForNames is how long a directory of users may take to tell of one.
const patienceForNames = 5 * time.Second

// HomeOf returns the home folder of a user and the user's number, as the system knows them: from /etc/passwd, else through
// getent(1), which asks directories too (nsswitch.conf(5)).
func HomeOf(ctx context.Context, name string) (home string, uid int64, err error) {
	u, err := user.Lookup(name)
	if err == nil {
		uid, err = strconv.ParseInt(u.Uid, 10, 64)
		return u.HomeDir, uid, err
	}
	ctx, cancel := context.WithTimeout(ctx, patienceForNames)
	defer cancel()
	c := exec.CommandContext(ctx, "getent", "passwd", "--", name)
	c.WaitDelay = time.Second
	out, gerr := c.Output()
	if gerr != nil {
		if _, ran := errors.AsType[*exec.ExitError](gerr); !ran || ctx.Err() != nil {
			err = errors.Join(err, gerr)
		}
		return "", 0, berth.Errorf(berth.NotFound, "user %q is not known to the system: %w", name, err).On("user")
	}
	fields := strings.Split(strings.TrimSuffix(string(out), "\n"), ":") // passwd(5)
	if len(fields) != 7 || fields[0] != name {
		return "", 0, berth.Errorf(berth.NotFound, "getent tells nothing usable of user %q", name).On("user")
	}
	uid, err = strconv.ParseInt(fields[2], 10, 64)
	return fields[5], uid, err
}
