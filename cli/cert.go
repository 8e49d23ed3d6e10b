package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/client"
	"berth/wire"
)

func (p *program) certCommand() *cobra.Command {
	list := p.command(verb{use: "list", short: "List the certificates of the packages' signers, and what ends with them",
		long: `List the certificates that signed packages of the catalogue, those that end first first. When a certificate ends, packages
with a timestamp stay valid; hosts refuse to stage the others.`,
		example: "  berth cert list\n  berth cert list -o json",
		run: func(ctx context.Context, _ []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			fs, err := c.Certificates(ctx)
			if err != nil {
				return err
			}
			if fs, err = arrange(p, fs); err != nil {
				return err
			}
			return p.showCertificates(fs)
		}})
	return noun("cert", "Certificates of the packages' signers",
		`Every package is signed, and a host must trust the certificate of the signer. Berth provisions it to hosts unless the site's
settings say otherwise.`,
		p.listing(list), p.certShow())
}

func (p *program) showCertificates(fs []berth.Forecast) error {
	names := namesOf(fs, func(f berth.Forecast) string { return f.Thumbprint })
	none := "no package of the catalogue has a known signer"
	return p.show(result{value: orEmpty(fs), names: names, empty: none, table: func(t *table) {
		t.columns("NAME", "THUMBPRINT", "KEY", "SELF-SIGNED", "EXPIRES", "DAYS", "STATE", "TIMESTAMPED", "HOSTS")
		for _, f := range fs {
			t.rowWith(forecastWords(f), f.CommonName, f.Thumbprint, strconv.Itoa(f.KeySize), yesNo(f.SelfSigned), f.NotAfter.UTC().Format(time.DateOnly),
				strconv.Itoa(f.Days), stateWords[f.State], fmt.Sprintf("%d of %d", f.Lasting, len(f.Packages)), strconv.Itoa(len(f.Hosts)))
		}
	}})
}

var stateWords = map[berth.ForecastState]string{berth.ForecastEarly: "not yet valid", berth.ForecastValid: "valid",
	berth.ForecastExpiring: "expiring", berth.ForecastExpired: "expired"}

// forecastWords says what ends with a certificate that has ended or will soon, and which hosts lack it.
func forecastWords(f berth.Forecast) (lines []string) {
	var ending, losing, missing []string
	for _, one := range f.Packages {
		if !one.Timestamped {
			ending = append(ending, one.FullName)
		}
	}
	for _, h := range f.Hosts {
		if h.Ending {
			losing = append(losing, h.Host)
		}
		if h.Trust == berth.TrustMissing {
			missing = append(missing, h.Host)
		}
	}
	if f.EndsBy != "" {
		lines = append(lines, fmt.Sprintf("%s above it ends before it, on %s", f.EndsBy, f.EndsAt.UTC().Format(time.DateOnly)))
	}
	if len(ending) > 0 && f.State != berth.ForecastValid && f.State != berth.ForecastEarly {
		when := "on " + f.EndsAt.UTC().Format(time.DateOnly) + " ends"
		if f.State == berth.ForecastExpired {
			when = "ended"
		}
		lines = append(lines, when+", without a timestamp: "+strings.Join(ending, ", "))
		if len(losing) > 0 {
			lines = append(lines, "on "+strings.Join(losing, ", "))
		}
		lines = append(lines, "what to do: have the packages signed anew, with a timestamp, and add them as new versions")
	}
	if len(missing) > 0 {
		lines = append(lines, "missing on "+strings.Join(missing, ", "))
	}
	return lines
}

func (p *program) certShow() *cobra.Command {
	var onlyPEM bool
	c := p.command(verb{use: "show THUMBPRINT", short: "Show everything about a signer's certificate",
		long:    "Show everything about a signer's certificate. With --pem it is written in PEM form instead, with the certificates above it.",
		example: "  berth cert show 0563B8630D62D75ABBC8AB1E4BDFB5A899B24D43\n  berth cert show 0563B8630D62D75ABBC8AB1E4BDFB5A899B24D43 --pem > contoso.pem",
		args:    cobra.ExactArgs(1), run: func(ctx context.Context, args []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			v, err := c.Certificate(ctx, args[0])
			if err != nil {
				return err
			}
			if onlyPEM {
				if v.PEM == "" {
					return berth.Errorf(berth.NotFound, "certificate %s: %s", v.Thumbprint, v.Unreadable).On("pem")
				}
				_, err := io.WriteString(p.Out, v.PEM)
				return err
			}
			return p.show(result{value: v, names: []string{v.Thumbprint}, table: func(t *table) { certificateFacts(t, v) }})
		}})
	c.Flags().BoolVar(&onlyPEM, "pem", false, "write the certificate and its chain in PEM form")
	return c
}

func certificateFacts(t *table, v wire.CertificateView) {
	t.fact("Common name", v.CommonName)
	t.fact("Subject", v.Subject)
	t.fact("Issuer", v.Issuer)
	t.fact("Serial number", v.Serial)
	t.fact("Valid", v.NotBefore.UTC().Format(time.DateTime)+" to "+v.NotAfter.UTC().Format(time.DateTime))
	t.fact("State", fmt.Sprintf("%s, %d days to its end", stateWords[v.Forecast.State], v.Forecast.Days))
	t.fact("Thumbprint", v.Thumbprint)
	t.fact("SHA-256", v.SHA256)
	t.fact("Key", strings.TrimSpace(fmt.Sprintf("%s %d bits", v.KeyAlgorithm, v.KeySize)))
	t.fact("Signed with", v.SignatureAlgorithm)
	t.fact("Key usage", strings.Join(v.KeyUsage, ", "))
	t.fact("Extended usage", strings.Join(v.ExtendedKeyUsage, ", "))
	t.fact("Alternative names", strings.Join(v.AlternativeNames, ", "))
	t.fact("Self-signed", yesNo(v.SelfSigned))
	for _, above := range v.Chain {
		t.fact("Above it", fmt.Sprintf("%s, until %s (%s)", above.Subject, above.NotAfter.UTC().Format(time.DateOnly), above.Thumbprint))
	}
	if !v.Complete && v.Unreadable == "" {
		t.fact("Chain", "goes on above what the packages carry; the hosts must have the rest")
	}
	t.fact("Unreadable", v.Unreadable)
	for _, one := range v.Forecast.Packages {
		end := "timestamped, stays valid"
		if !one.Timestamped {
			end = "no timestamp, ends " + one.EndsAt.UTC().Format(time.DateOnly)
		}
		t.fact("Package", fmt.Sprintf("%s (%s)", one.FullName, end))
	}
	for _, h := range v.Forecast.Hosts {
		t.fact("Host", fmt.Sprintf("%s (%s)", h.Host, trustWords[h.Trust]))
	}
}

var trustWords = map[berth.Trust]string{berth.TrustMissing: "missing there", berth.TrustPresent: "trusted there", berth.TrustUnknown: "not seen there yet"}

func thumbprints(ctx context.Context, c *client.Client) ([]string, error) {
	return listed((*client.Client).Certificates, func(f berth.Forecast) string { return f.Thumbprint })(ctx, c)
}
