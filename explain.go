package berth

import (
	"slices"
	"strconv"
	"strings"
)

// Retry says what can make a step that failed succeed.
type Retry string

// The classes of Retry.
const (
	RetryAuto  Retry = "auto"      // trying again by itself can help
	RetryWait  Retry = "condition" // it helps once something on the host has changed: room, a framework, a program that ends
	RetryAdmin Retry = "admin"     // somebody has to do what the remedy says first
	RetryNever Retry = "never"     // there is nothing to be tried again: the work is done, or nobody wants it any more
)

// ByItself tells whether an agent tries again at its ordinary pace. It tries the others too, seldom: somebody may have
// done what was needed without telling.
func (r Retry) ByItself() bool { return r == RetryAuto || r == RetryWait }

// Explanation is what Berth knows of an error code of a platform.
type Explanation struct {
	Code    string     `json:"code"`             // as the platform gives it: an HRESULT in hex, or the name of an errno
	Symbol  string     `json:"symbol,omitempty"` // its name in the platform's headers
	Phases  string     `json:"phases,omitempty"` // in which it is met, separated by spaces; none: in any
	Meaning string     `json:"meaning"`          // in plain words
	Remedy  string     `json:"remedy"`
	Retry   Retry      `json:"retry"`
	Status  StatusName `json:"status"` // which of the red statuses it is when it keeps a package from being staged
}

// Explain names the status and the remedy of a failure: by the code of the platform where it is known, else by the phase.
func Explain(f Failure) Explanation {
	if e, ok := Known(f.Code); ok {
		return e
	}
	if f.Phase == PhaseTrust {
		return Explanation{Code: f.Code, Meaning: "the signer of the package is not trusted by the host", Retry: RetryAuto, Status: StatusCertificateMissing,
			Remedy: "let the site provision package certificates, or install the signer's certificate on the host"}
	}
	return Explanation{Code: f.Code, Meaning: "the host could not do it, for a reason that this catalogue does not have", Retry: RetryAuto,
		Status: StatusStagingFailed, Remedy: "see the agent's log on the host, then retry"}
}

// Known finds a code in the catalogue, however its digits are written: as HRESULT in either case, as decimal number
// (negative as PowerShell shows it, or a plain Win32 error), as the name of an errno, or by its symbol.
func Known(code string) (Explanation, bool) {
	key := codeKey(code)
	i := slices.IndexFunc(catalogue, func(r entry) bool { return r.code == key || r.symbol != "" && r.symbol == key })
	if i < 0 {
		return Explanation{}, false
	}
	return catalogue[i].explanation(), true
}

// Catalogue lists every code that Berth can explain, in the order of its table.
func Catalogue() []Explanation {
	list := make([]Explanation, len(catalogue))
	for i, r := range catalogue {
		list[i] = r.explanation()
	}
	return list
}

// codeKey gives a code the spelling of the table: Windows components write the digits of an HRESULT in either case.
func codeKey(code string) string {
	code = strings.ToUpper(strings.TrimSpace(code))
	if digits, ok := strings.CutPrefix(code, "0X"); ok {
		return "0x" + digits
	}
	n, err := strconv.ParseInt(code, 10, 64)
	switch {
	case err != nil || n < -1<<31 || n > 1<<32-1:
		return code
	case n > 0 && n < 1<<16: // a Win32 error: HRESULT_FROM_WIN32 of winerror.h
		n |= 0x80070000
	}
	return "0x" + strings.ToUpper(strconv.FormatUint(uint64(uint32(n)), 16))
}

// entry is one row of the catalogue.
type entry struct {
	code, symbol    string
	phases          string // names of Phase, separated by spaces
	meaning, remedy string
	retry           Retry
	status          StatusName
}

func (r entry) explanation() Explanation {
	return Explanation{Code: r.code, Symbol: r.symbol, Phases: r.phases, Meaning: r.meaning, Remedy: r.remedy, Retry: r.retry, Status: r.status}
}
