package cli_test

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"berth"
	"berth/api"
	"berth/auth"
	"berth/control"
	"berth/store"
	"berth/wire"
)

// site is a whole server with one site, and agents that hold what they are planned.
type site struct {
	service *control.Service
	hosts   map[string]*agent
}

// agent is a host as its agent would speak for it.
type agent struct {
	id, serial string
	generation int64
	digest     string
	plan       berth.Plan
	failing    *berth.Failure
	build      int // 0: 26100
}

// siteKey is where a script keeps its site.
type siteKey struct{}

// startSite starts a server for one script, and leaves the way to it in bootstrap.json, its address in $URL, an owner's
// token in $TOKEN and its certificate in ca.pem.
func startSite(e *testscript.Env) error {
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	st, err := store.OpenSQLite(ctx, filepath.Join(e.WorkDir, "db", "berth.db"), log)
	if err != nil {
		return err
	}
	e.Defer(func() { _ = st.Close() })
	authority, err := auth.OpenAuthority(filepath.Join(e.WorkDir, "authority"), rand.Reader, time.Now)
	if err != nil {
		return err
	}
	lib, err := library()
	if err != nil {
		return err
	}
	s := &site{hosts: map[string]*agent{}}
	s.service = control.New(control.Options{Store: st, Library: lib, Authority: authority, Log: log, Now: time.Now, Random: rand.Reader})
	token, _, err := s.service.Begin(ctx, berth.Site{Name: "main", SubscriptionID: "8f6b0e9a-0000-4000-8000-000000000001", Location: "westeurope"})
	if err != nil {
		return err
	}
	server := httptest.NewUnstartedServer(api.New(api.Options{Service: s.service, Version: "test", Log: log, HostID: auth.HostID}))
	server.Config.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelInfo)
	server.StartTLS()
	e.Defer(server.Close)
	e.Values[siteKey{}] = s
	return tell(e, server, token.Text)
}

// tell leaves a script the way to its server.
func tell(e *testscript.Env, server *httptest.Server, token string) error {
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	bootstrap, err := json.Marshal(map[string]string{"url": server.URL, "caFile": "ca.pem", "token": token})
	if err != nil {
		return err
	}
	for name, content := range map[string]string{"ca.pem": string(ca), "bootstrap.json": string(bootstrap), "token.txt": token + "\n"} {
		if err := os.WriteFile(filepath.Join(e.WorkDir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	e.Setenv("BERTH_BOOTSTRAP", filepath.Join(e.WorkDir, "bootstrap.json"))
	e.Setenv("URL", server.URL)
	e.Setenv("TOKEN", token)
	e.Setenv("FINGERPRINT", auth.Fingerprint(server.Certificate().Raw))
	return nil
}

// agentCommand is "agent" in scripts:
//
//	agent enroll HOST KEYFILE   enrol with the key in a file of the script
//	agent sync HOST             take up the newest plan and hold it
//	agent build HOST BUILD      have that Windows build from now on
//	agent answer HOST CODE      answer all pre-flights, with that code as a failure unless it is empty
//	agent took HOST PHASE MS    tell that this phase took so long with each planned package
//	agent fail HOST CODE        fail to attach anything from now on, with that code of the platform
func agentCommand(ts *testscript.TestScript, neg bool, args []string) {
	expect(ts, neg, args, 2)
	s, ok := ts.Value(siteKey{}).(*site)
	if !ok {
		ts.Fatalf("this script has no server")
	}
	switch args[0] {
	case "enroll":
		expect(ts, neg, args, 3)
		ts.Check(s.enroll(args[1], ts.ReadFile(args[2])))
	case "sync":
		ts.Check(s.sync(args[1]))
	case "build":
		expect(ts, neg, args, 3)
		build, err := strconv.Atoi(args[2])
		ts.Check(err)
		s.hosts[args[1]].build = build
		ts.Check(s.sync(args[1]))
	case "answer":
		expect(ts, neg, args, 3)
		ts.Check(s.answer(args[1], args[2]))
	case "took":
		expect(ts, neg, args, 4)
		ms, err := strconv.ParseFloat(args[3], 64)
		ts.Check(err)
		ts.Check(s.took(args[1], berth.Phase(args[2]), ms))
	case "fail":
		expect(ts, neg, args, 3)
		s.hosts[args[1]].failing = &berth.Failure{Phase: berth.PhaseAttach, Code: args[2], Message: "the platform said no", Attempts: 1}
		ts.Check(s.sync(args[1]))
	default:
		ts.Fatalf("agent: unknown verb %q", args[0])
	}
}

func (s *site) enroll(name, key string) error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, private)
	if err != nil {
		return err
	}
	out, err := s.service.Enroll(context.Background(), wire.EnrollRequest{Protocol: wire.Protocol, Key: trimmed(key), Name: name, CSR: csr,
		Facts: berth.Facts{Hostname: name, OS: "Windows Server 2025", Build: 26100, Architecture: "x64", Platform: "test"}})
	if err != nil {
		return err
	}
	cert, err := x509.ParseCertificate(out.Certificate)
	if err != nil {
		return err
	}
	s.hosts[name] = &agent{id: out.HostID, serial: new(big.Int).Set(cert.SerialNumber).Text(16)}
	return nil
}

// sync reports, takes up the answer, and reports again what came of it.
func (s *site) sync(name string) error {
	a := s.hosts[name]
	if a == nil {
		return fmt.Errorf("no agent of host %q has enrolled", name)
	}
	for range 2 {
		out, err := s.service.Sync(context.Background(), a.id, a.serial, wire.SyncRequest{Protocol: wire.Protocol,
			Generation: a.generation, Digest: a.digest, Facts: a.facts(name)})
		if err != nil {
			return err
		}
		a.generation, a.digest = out.Generation, out.Digest
		if out.Plan != nil {
			a.plan = *out.Plan
		}
	}
	return nil
}

func (a *agent) facts(name string) *berth.Facts {
	f := &berth.Facts{Hostname: name, OS: "Windows Server 2025", Build: cmp.Or(a.build, 26100), Architecture: "x64", Platform: "test",
		Generation: a.generation, At: time.Now(), Disk: &berth.Disk{Path: `C:\Berth`, Free: 3 << 30, Total: 8 << 30}}
	for _, p := range a.plan.Packages {
		f.Packages = append(f.Packages, berth.PackageFacts{FullName: p.FullName, FamilyName: p.FamilyName,
			Attached: a.failing == nil, Staged: a.failing == nil, Since: time.Now(), Failure: a.failing})
	}
	return f
}

// took tells how long a phase took with each planned package.
func (s *site) took(name string, phase berth.Phase, ms float64) error {
	a := s.hosts[name]
	request := wire.SyncRequest{Protocol: wire.Protocol, Generation: a.generation, Digest: a.digest}
	for _, p := range a.plan.Packages {
		request.Timings = append(request.Timings, berth.Timing{Package: p.FullName, Phase: phase, Count: 4, LastMs: ms, MedianMs: ms, MostMs: 2 * ms, At: time.Now()})
	}
	_, err := s.service.Sync(context.Background(), a.id, a.serial, request)
	return err
}

// answer takes what the server asks the host to try, and says of all that it failed with the code, or passed.
func (s *site) answer(name, code string) error {
	a := s.hosts[name]
	request := wire.SyncRequest{Protocol: wire.Protocol, Generation: a.generation, Digest: a.digest, Preflights: &wire.PreflightReport{}}
	out, err := s.service.Sync(context.Background(), a.id, a.serial, request)
	if err != nil {
		return err
	}
	check := berth.PreflightCheck{Name: berth.CheckImage, Result: berth.PreflightPass, Message: "all is well"}
	if code != "" {
		check = berth.PreflightCheck{Name: berth.CheckImage, Result: berth.PreflightFail, Message: "the platform said no", Code: code, Remedy: "ask somebody"}
	}
	for _, p := range out.Preflights {
		request.Preflights.Answers = append(request.Preflights.Answers, wire.PreflightAnswer{ID: p.ID, Checks: []berth.PreflightCheck{check}})
	}
	_, err = s.service.Sync(context.Background(), a.id, a.serial, request)
	return err
}
