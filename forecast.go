package berth

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"
)

// ForecastState says how near a certificate is to its end.
type ForecastState string

// The states of a certificate.
const (
	ForecastEarly    ForecastState = "notYetValid" // its time has not begun
	ForecastValid    ForecastState = "valid"
	ForecastExpiring ForecastState = "expiring" // ends within ExpiringSoon
	ForecastExpired  ForecastState = "expired"
)

// ExpiringSoon is how long before its end a certificate is called expiring: time to have packages signed anew.
const ExpiringSoon = 60 * 24 * time.Hour

// Signed is what a forecast must know of one package.
type Signed struct {
	Package Package
	Hosts   []SignedHost // which must have it by plan
}

// SignedHost is a host that must have a signed package.
type SignedHost struct {
	Host      string
	Facts     *PackageFacts // nil: the agent said nothing of it
	Provision bool          // Berth provisions the certificate to it
	More      int           // further hosts like it, which are counted and not named
}

// Trust says whether a host has a signer's certificate, as its agent saw it.
type Trust string

// The states of trust; of several packages of a signer on a host the first of these counts.
const (
	TrustMissing Trust = "missing" // a package was refused for want of it
	TrustPresent Trust = "present" // packages of the signer are staged
	TrustUnknown Trust = "unknown" // none was staged yet
)

// TrustOf reads from a host's facts about a package whether it trusts the signer.
func TrustOf(f *PackageFacts) Trust {
	switch {
	case f == nil:
		return TrustUnknown
	case f.Failure != nil && f.Failure.Phase == PhaseTrust:
		return TrustMissing
	case f.Staged:
		return TrustPresent
	}
	return TrustUnknown
}

// PackageForecast is what the end of its signer's certificate means for a package.
type PackageForecast struct {
	FullName    string    `json:"fullName"`
	DisplayName string    `json:"displayName"`
	Timestamped bool      `json:"timestamped"`     // the signature stays good when the certificate has ended
	EndsAt      time.Time `json:"endsAt,omitzero"` // from when hosts refuse to stage it; zero: never, for the timestamp
	Ended       bool      `json:"ended,omitempty"` // that was before now
	Hosts       []string  `json:"hosts"`           // which must have it by plan, by name; of very many not all are named
	HostCount   int       `json:"hostCount"`       // how many there are
}

// CertificateHost is a host that must have packages of a signer.
type CertificateHost struct {
	Host      string   `json:"host"`
	Packages  []string `json:"packages"` // full names, sorted
	Trust     Trust    `json:"trust"`
	Provision bool     `json:"provision"` // Berth provisions the certificate to it
	Ending    bool     `json:"ending"`    // loses a package when the certificate ends, or has lost it
}

// Forecast is one signer's certificate, who depends on it, and what becomes of them when it ends.
type Forecast struct {
	CommonName string        `json:"commonName"`
	Subject    string        `json:"subject"`
	Issuer     string        `json:"issuer"`
	Thumbprint string        `json:"thumbprint"` // SHA-1, upper-case hex
	KeySize    int           `json:"keySize"`    // bits
	SelfSigned bool          `json:"selfSigned"`
	NotBefore  time.Time     `json:"notBefore"`
	NotAfter   time.Time     `json:"notAfter"`
	State      ForecastState `json:"state"`

	// EndsAt is when signatures without a timestamp end: with the certificate, or with one above it that ends before.
	EndsAt time.Time `json:"endsAt"`
	// EndsBy is the common name of the certificate that ends then, where it is not the signer's own.
	EndsBy string `json:"endsBy,omitempty"`
	// Days is how many whole days are left until EndsAt; negative: how many have begun since.
	Days int `json:"days"`

	Packages []PackageForecast `json:"packages"`  // those that end before those that do not; then by full name
	Hosts    []CertificateHost `json:"hosts"`     // by name; of very many not all are named, and those that lack it come first
	Count    int               `json:"hostCount"` // how many there are
	Lasting  int               `json:"lasting"`   // how many of the packages are timestamped, and outlast it
	Ending   int               `json:"ending"`    // how many end with it, or have ended
}

// ForecastCertificates gathers packages by their signers; the signer that ends first comes first. Packages without a
// known signer are left out. Where a signature has a timestamp it is taken to be good: hosts check it, and say so.
// Source: a signature with a timestamp is judged by the time that the stamp names (RFC 3161, section 1; Authenticode), one
// without by the present, and with it every certificate above the signer's (RFC 5280, section 6.1.3).
func ForecastCertificates(signed []Signed, now time.Time) []Forecast {
	by := map[string]*forecaster{}
	for _, s := range signed {
		c := s.Package.Certificate
		if c == nil || c.Thumbprint == "" {
			continue
		}
		f := by[Fold(c.Thumbprint)]
		if f == nil {
			f = &forecaster{newForecast(*c, now), map[string]*CertificateHost{}, map[string]int{}}
			by[Fold(c.Thumbprint)] = f
		}
		f.add(s, now)
	}
	out := make([]Forecast, 0, len(by))
	for _, f := range by {
		out = append(out, f.done())
	}
	slices.SortFunc(out, func(a, b Forecast) int {
		return cmp.Or(a.EndsAt.Compare(b.EndsAt), cmp.Compare(a.Thumbprint, b.Thumbprint))
	})
	return out
}

// mostForecast is how many hosts are named in a forecast, and with a package in it. The others are counted.
const mostForecast = 100

// forecaster is a Forecast under construction; its hosts by folded name, and how many further ones are like each.
type forecaster struct {
	Forecast
	hosts map[string]*CertificateHost
	more  map[string]int
}

// done puts everything into its order.
func (f *forecaster) done() Forecast {
	slices.SortFunc(f.Packages, func(a, b PackageForecast) int {
		return cmp.Or(compareBool(a.Timestamped, b.Timestamped), cmp.Compare(a.FullName, b.FullName))
	})
	for _, name := range slices.Sorted(maps.Keys(f.hosts)) {
		h := f.hosts[name]
		slices.Sort(h.Packages)
		f.Hosts = append(f.Hosts, *h)
		f.Count += 1 + f.more[name]
	}
	if len(f.Hosts) > mostForecast {
		// Those that lack it are worth more than a place in the order of names.
		slices.SortStableFunc(f.Hosts, func(a, b CertificateHost) int { return compareBool(a.Trust != TrustMissing, b.Trust != TrustMissing) })
		f.Hosts = f.Hosts[:mostForecast]
	}
	return f.Forecast
}

// compareBool puts false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func newForecast(c Certificate, now time.Time) Forecast {
	f := Forecast{CommonName: c.CommonName, Subject: c.Subject, Issuer: c.Issuer, Thumbprint: c.Thumbprint, KeySize: c.KeySize,
		SelfSigned: c.SelfSigned, NotBefore: c.NotBefore, NotAfter: c.NotAfter, Packages: []PackageForecast{}, Hosts: []CertificateHost{}}
	f.EndsAt, f.EndsBy = c.end()
	left := f.EndsAt.Sub(now)
	f.Days = int(math.Floor(left.Hours() / 24))
	switch {
	case left < 0:
		f.State = ForecastExpired
	case now.Before(c.NotBefore):
		f.State = ForecastEarly
	case left < ExpiringSoon:
		f.State = ForecastExpiring
	default:
		f.State = ForecastValid
	}
	return f
}

// add takes a package of the signer into the forecast. Two packages of one signer may carry chains that differ: for each
// its own counts.
func (f *forecaster) add(s Signed, now time.Time) {
	p := PackageForecast{FullName: s.Package.FullName, DisplayName: s.Package.DisplayName,
		Timestamped: s.Package.Certificate.Timestamped, Hosts: []string{}}
	if p.Timestamped {
		f.Lasting++
	} else {
		f.Ending++
		p.EndsAt, _ = s.Package.Certificate.end()
		p.Ended = p.EndsAt.Before(now)
	}
	for _, h := range s.Hosts {
		p.HostCount += 1 + h.More
		p.Hosts = append(p.Hosts, h.Host)
		f.host(h, p)
	}
	slices.Sort(p.Hosts)
	p.Hosts = p.Hosts[:min(len(p.Hosts), mostForecast)]
	f.Packages = append(f.Packages, p)
}

// host takes into the forecast that a host must have the package.
func (f *forecaster) host(h SignedHost, p PackageForecast) {
	of := f.hosts[Fold(h.Host)]
	if of == nil {
		of = &CertificateHost{Host: h.Host, Trust: TrustUnknown}
		f.hosts[Fold(h.Host)] = of
	}
	of.Packages = append(of.Packages, p.FullName)
	f.more[Fold(h.Host)] = max(f.more[Fold(h.Host)], h.More)
	of.Provision = of.Provision || h.Provision
	of.Ending = of.Ending || !p.Timestamped
	if t := TrustOf(h.Facts); of.Trust != TrustMissing && t != TrustUnknown {
		of.Trust = t
	}
}
