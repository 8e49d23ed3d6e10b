//go:build windows

package winhost

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unsafe"

	"berth"
	"golang.org/x/sys/windows"
)

// wtsSession is a user's session as Terminal Services tell of it.
type wtsSession struct {
	number uint32
	user   string // DOMAIN\name
	sid    string
	since  time.Time
}

// id names the session in facts. Windows gives numbers again, so the time of the logon is part of it.
func (s wtsSession) id() string { return fmt.Sprintf("%d-%d", s.number, s.since.Unix()) }

func (s wtsSession) brief() berth.Session {
	return berth.Session{ID: s.id(), User: s.user, Since: s.since}
}

// sessionCache keeps whose a session is: asking needs the user's token, and the answer never changes.
type sessionCache struct {
	mu   sync.Mutex
	sids map[string]string // session id -> security id
}

// Classes of WTSQuerySessionInformation (wtsapi32.h, WTS_INFO_CLASS).
const (
	wtsUserName    = 5
	wtsDomainName  = 7
	wtsSessionInfo = 24
)

// wtsInfo is WTSINFOW of wtsapi32.h.
type wtsInfo struct {
	state                                                        uint32
	session                                                      uint32
	incomingBytes, outgoingBytes, incomingFrames, outgoingFrames uint32
	incomingCompressed, outgoingCompressed                       uint32
	station                                                      [32]uint16
	domain                                                       [17]uint16
	user                                                         [21]uint16
	connect, disconnect, lastInput, logon, current               int64
}

// list returns the sessions that have a user, disconnected ones among them. A session whose user's token cannot be had
// yet, or no more, is left out: nothing can be done in it.
func (h *Host) list() ([]wtsSession, error) {
	var first *windows.WTS_SESSION_INFO
	var count uint32
	if err := windows.WTSEnumerateSessions(0, 0, 1, &first, &count); err != nil {
		return nil, coded(err, "cannot list the sessions of this machine")
	}
	if first == nil {
		return nil, nil
	}
	defer windows.WTSFreeMemory(uintptr(unsafe.Pointer(first)))
	var list []wtsSession
	keep := map[string]string{}
	for _, s := range unsafe.Slice(first, count) {
		if s.SessionID == 0 || s.State != windows.WTSActive && s.State != windows.WTSDisconnected && s.State != windows.WTSConnected {
			continue
		}
		one, err := h.look(s.SessionID)
		if err != nil {
			h.options.Log.Debug("session left out", "session", s.SessionID, "reason", err)
			continue
		}
		list = append(list, one)
		keep[one.id()] = one.sid
	}
	h.sessions.mu.Lock()
	h.sessions.sids = keep
	h.sessions.mu.Unlock()
	return h.staying(list, keep), nil
}

// staying leaves out the sessions that are about to end: Windows lists them until they have.
func (h *Host) staying(list []wtsSession, ids map[string]string) []wtsSession {
	listed := map[string]bool{}
	for id := range ids {
		listed[id] = true
	}
	leaving := h.crew.leaving(listed)
	return slices.DeleteFunc(list, func(s wtsSession) bool { return leaving[s.id()] })
}

// look reads one session.
func (h *Host) look(number uint32) (wtsSession, error) {
	s := wtsSession{number: number}
	name, err := wtsText(number, wtsUserName)
	if err != nil || name == "" {
		return s, errors.Join(err, errors.New("nobody has signed in"))
	}
	s.user = name
	if domain, err := wtsText(number, wtsDomainName); err == nil && domain != "" {
		s.user = domain + `\` + name
	}
	s.since = logonOf(number)
	h.sessions.mu.Lock()
	s.sid = h.sessions.sids[s.id()]
	h.sessions.mu.Unlock()
	if s.sid == "" {
		s.sid, err = sidOf(number)
	}
	return s, err
}

// sidOf asks the user's token, which only LocalSystem gets.
func sidOf(session uint32) (string, error) {
	var token windows.Token
	if err := windows.WTSQueryUserToken(session, &token); err != nil {
		return "", err
	}
	defer func() { _ = token.Close() }() // only asked
	user, err := token.GetTokenUser()
	if err != nil {
		return "", err
	}
	return user.User.Sid.String(), nil
}

func wtsQuery(session, class uint32) (*byte, uint32, error) {
	proc := windows.NewLazySystemDLL("wtsapi32.dll").NewProc("WTSQuerySessionInformationW")
	if err := proc.Find(); err != nil {
		return nil, 0, err
	}
	var buf *byte
	var n uint32
	ok, _, err := proc.Call(0, uintptr(session), uintptr(class), uintptr(unsafe.Pointer(&buf)), uintptr(unsafe.Pointer(&n)))
	if ok == 0 || buf == nil {
		return nil, 0, err
	}
	return buf, n, nil
}

func wtsText(session, class uint32) (string, error) {
	buf, n, err := wtsQuery(session, class)
	if err != nil {
		return "", err
	}
	defer windows.WTSFreeMemory(uintptr(unsafe.Pointer(buf)))
	return windows.UTF16ToString(unsafe.Slice((*uint16)(unsafe.Pointer(buf)), n/2)), nil
}

// logonOf is when the session's user signed in; the zero time when that is not told.
func logonOf(session uint32) time.Time {
	buf, n, err := wtsQuery(session, wtsSessionInfo)
	if err != nil {
		return time.Time{}
	}
	defer windows.WTSFreeMemory(uintptr(unsafe.Pointer(buf)))
	if uintptr(n) < unsafe.Sizeof(wtsInfo{}) {
		return time.Time{}
	}
	ticks := (*wtsInfo)(unsafe.Pointer(buf)).logon // 100 ns since 1601
	if ticks <= 0 {
		return time.Time{}
	}
	f := windows.Filetime{LowDateTime: uint32(ticks), HighDateTime: uint32(ticks >> 32)}
	return time.Unix(0, f.Nanoseconds()).UTC().Truncate(time.Second)
}

// formerPrefix begins the id of the session that stands for a user whose own session is not known any more.
const formerPrefix = "sid:"

// find returns the session of an id, and whether it runs.
func (h *Host) find(id string) (wtsSession, bool, error) {
	list, err := h.list()
	if err != nil {
		return wtsSession{}, false, err
	}
	for _, s := range list {
		if s.id() == id {
			return s, true, nil
		}
	}
	return wtsSession{}, false, nil
}

// ofUser returns a session of the user, and whether there is one.
func ofUser(list []wtsSession, sid string) (wtsSession, bool) {
	for _, s := range list {
		if strings.EqualFold(s.sid, sid) {
			return s, true
		}
	}
	return wtsSession{}, false
}
