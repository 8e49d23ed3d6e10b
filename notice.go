package berth

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Notice is something about a host that an administrator should know and that is no status of a package.
type Notice struct {
	Code    string `json:"code"` // stable: oldWindows, oldAgent, silent, lowDisk, notCopied or copyFailed
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

// The codes of notices.
const (
	NoticeOldWindows = "oldWindows" // the Windows build is below those that can stage packages in place
	NoticeOldAgent   = "oldAgent"   // the agent is of an older version than the server
	NoticeSilent     = "silent"     // the host has not been heard of for a while
	NoticeLowDisk    = "lowDisk"    // little is free where the agent keeps its files
	NoticeNotCopied  = "notCopied"  // images do not fit among the host's copies
	NoticeCopyFailed = "copyFailed" // images cannot be copied to the host
)

// The lowest Windows builds that Berth serves: staging in place came with Windows 10 version 2004; of the servers,
// Windows Server 2022 is the first that has it (Windows Server 2025 is build 26100).
const (
	LowestClientBuild = 19041
	LowestServerBuild = 20348
)

// Silence is how long a host may say nothing before administrators are told: agents speak at least once a minute.
const Silence = 5 * time.Minute

// littleDisk is how many free bytes are called little: the agent's records and a small package fit into more.
const littleDisk = 1 << 30

// HostNotices tells what is remarkable about a host at a moment, for a server of that version. It hides nothing: a host
// below the supported builds is planned and reported like any other.
func HostNotices(h Host, server string, now time.Time) []Notice {
	notices := []Notice{}
	for _, n := range []*Notice{windowsNotice(h.Facts), agentNotice(h.Facts, server), silenceNotice(h, now), diskNotice(h.Facts),
		leftOutNotice(h.Facts.Cache), copyNotice(h.Facts.Cache)} {
		if n != nil {
			notices = append(notices, *n)
		}
	}
	return notices
}

func windowsNotice(f Facts) *Notice {
	lowest, name := LowestClientBuild, "Windows 10 version 2004"
	if strings.Contains(Fold(f.OS), "server") {
		lowest, name = LowestServerBuild, "Windows Server 2022"
	}
	if f.Build == 0 || f.Build >= lowest { // 0: no Windows, or not told
		return nil
	}
	return &Notice{Code: NoticeOldWindows, Message: fmt.Sprintf("Windows build %d is below %d (%s), the lowest that can stage packages in place",
		f.Build, lowest, name), Remedy: "upgrade Windows on the host; until then packages may fail to stage"}
}

func agentNotice(f Facts, server string) *Notice {
	of, ok := release(f.AgentVersion)
	current, known := release(server)
	if !ok || !known || !older(of, current) {
		return nil
	}
	return &Notice{Code: NoticeOldAgent, Message: fmt.Sprintf("the agent has version %s, the server %s", f.AgentVersion, server),
		Remedy: "install the server's version on the host"}
}

func silenceNotice(h Host, now time.Time) *Notice {
	if now.Sub(h.LastSeen) <= Silence {
		return nil
	}
	message := "the host has never been heard of"
	if !h.LastSeen.IsZero() {
		message = fmt.Sprintf("the host was last heard of at %s: what is shown of it may be out of date", h.LastSeen.UTC().Format(time.RFC3339))
	}
	return &Notice{Code: NoticeSilent, Message: message, Remedy: "see that the host is on and that its agent runs and reaches the server"}
}

func diskNotice(f Facts) *Notice {
	if f.Disk == nil || f.Disk.Free >= littleDisk {
		return nil
	}
	return &Notice{Code: NoticeLowDisk, Message: fmt.Sprintf("%d MiB are free at %s", f.Disk.Free>>20, f.Disk.Path),
		Remedy: "free space on the host: packages that are extracted, and the agent's records, need it"}
}

func leftOutNotice(c *CacheFacts) *Notice {
	n := Notice{Code: NoticeNotCopied, Message: "has no room among the host's copies",
		Remedy: "allow copies more bytes, in the site's settings or where the agent is started; or assign less to the host"}
	return n.ofImages(c, func(i CachedImage) string { return i.LeftOut })
}

func copyNotice(c *CacheFacts) *Notice {
	n := Notice{Code: NoticeCopyFailed, Message: "cannot be copied to the host",
		Remedy: "see to the cause; the host tries again by itself, and reads the image from the share meanwhile"}
	return n.ofImages(c, func(i CachedImage) string { return i.Error })
}

// ofImages has what the notice says of an image name the first of the wanted ones that have a reason, and how many there are.
func (n Notice) ofImages(c *CacheFacts, reason func(CachedImage) string) *Notice {
	first, found := "", 0
	for _, i := range c.images() {
		if why := reason(i); i.Wanted && why != "" {
			if found++; found == 1 {
				first = i.Path + ": " + why
			}
		}
	}
	switch found {
	case 0:
		return nil
	case 1:
		n.Message = fmt.Sprintf("1 image %s: %s", n.Message, first)
	default:
		n.Message = fmt.Sprintf("%d images are such that each %s; the first is %s", found, n.Message, first)
	}
	return &n
}

// release reads the numbers of a version such as v1.4.2 or 1.4.2-rc1; ok is false for a build without a version.
func release(s string) (numbers []int, ok bool) {
	s, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(s), "v"), "-")
	s, _, _ = strings.Cut(s, "+")
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return nil, false
		}
		numbers = append(numbers, n)
	}
	return numbers, true
}

// older compares versions number by number; numbers that are not there count as 0.
func older(a, b []int) bool {
	at := func(v []int, i int) int {
		if i < len(v) {
			return v[i]
		}
		return 0
	}
	for i := range max(len(a), len(b)) {
		if at(a, i) != at(b, i) {
			return at(a, i) < at(b, i)
		}
	}
	return false
}
