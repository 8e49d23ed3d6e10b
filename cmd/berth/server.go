package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"berth"
	"berth/api"
	"berth/arm"
	"berth/auth"
	"berth/console"
	"berth/control"
	"berth/imaging"
	"berth/share"
	"berth/store"
)

// serverOptions are the flags of `berth server`.
type serverOptions struct {
	data          string
	listen        string
	imageRoots    []string
	logins        string
	bootstrapFile string
	site          string
	location      string
	names         []string
	tlsCert       string
	tlsKey        string
	logLevel      string
	languages     []string
}

func serverCommand() *cobra.Command {
	var o serverOptions
	c := &cobra.Command{
		Use: "server", Short: "Run the server: catalogue, plans, console and APIs",
		Long: `Run the server. At the first start it makes its authority, a certificate and the first site in the data folder and
prints the token of the first administrator, once.

The server opens images only below the folders and UNC prefixes given with --image-root.`,
		Example: `  berth server --data /var/lib/berth --listen :8443 --image-root '\\files\msix'
  berth server --data ./data --listen 127.0.0.1:0 --image-root ./images --bootstrap ./admin.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runServer(cmd.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.data, "data", "berth-data", "folder for database, keys and certificates")
	f.StringVar(&o.listen, "listen", "127.0.0.1:8443", "address to listen on; port 0 takes a free one")
	f.StringArrayVar(&o.imageRoots, "image-root", nil, `folder or UNC prefix below which images may be opened (repeatable)`)
	f.StringVar(&o.logins, "share-logins", "", "JSON `FILE` with logins for file and web servers: see docs/shares.md")
	f.StringVar(&o.bootstrapFile, "bootstrap", "", "write address, authority, an owner's token and a service principal to this file, mode 0600")
	f.StringVar(&o.site, "site", "main", "name of the first site, made at the first start")
	f.StringVar(&o.location, "location", "local", "location that the first site tells Azure's clients")
	f.StringArrayVar(&o.names, "name", nil, "further DNS name or IP address for the server's own certificate (repeatable)")
	f.StringVar(&o.tlsCert, "tls-cert", "", "certificate chain to serve with, PEM; without one the server makes its own")
	f.StringVar(&o.tlsKey, "tls-key", "", "private key of --tls-cert, PEM")
	f.StringSliceVar(&o.languages, "language", nil, "languages of package names, the most wanted first, as de-DE; without it, each package's default")
	f.StringVar(&o.logLevel, "log-level", "info", "debug, info, warn or error")
	return c
}

// server is a running server's parts.
type server struct {
	serverOptions
	log       *slog.Logger
	store     *store.Store
	authority *auth.Authority
	access    *auth.AccessKey
	service   *control.Service
	listener  net.Listener
	url       string
}

func runServer(ctx context.Context, o serverOptions) error {
	s, err := openServer(ctx, o)
	if err != nil {
		return err
	}
	defer func() { _ = s.store.Close() }()
	defer func() { _ = s.listener.Close() }()
	if err := s.begin(ctx); err != nil {
		return err
	}
	return s.serve(ctx)
}

// openServer opens everything that can fail before the first request.
func openServer(ctx context.Context, o serverOptions) (*server, error) {
	s := &server{serverOptions: o, log: logger(o.logLevel)}
	if err := os.MkdirAll(o.data, 0o700); err != nil {
		return nil, berth.Errorf(berth.Invalid, "data folder: %w", err).On("data")
	}
	logins, err := readLogins(o.logins)
	if err != nil {
		return nil, err
	}
	opener, err := share.New(share.Options{Roots: o.imageRoots, Logins: logins, Log: s.log})
	if err != nil {
		return nil, err
	}
	if s.authority, err = auth.OpenAuthority(o.data, rand.Reader, time.Now); err != nil {
		return nil, err
	}
	if s.access, err = auth.OpenAccessKey(o.data, rand.Reader, time.Now); err != nil {
		return nil, err
	}
	if s.listener, err = net.Listen("tcp", o.listen); err != nil {
		return nil, berth.Errorf(berth.Unavailable, "cannot listen on %s: %w", o.listen, err).With("is another server running there? Try --listen 127.0.0.1:0")
	}
	if s.store, err = store.OpenSQLite(ctx, filepath.Join(o.data, "berth.db"), s.log); err != nil {
		_ = s.listener.Close()
		return nil, err
	}
	s.url = "https://" + s.address()
	library := imaging.New(opener, s.log).In(o.languages...)
	s.service = control.New(control.Options{Store: s.store, Library: library, Images: images{opener, library}, Authority: s.authority,
		Log: s.log, Now: time.Now, Random: rand.Reader, Version: version, Derive: s.access.Derive})
	return s, nil
}

// images is what looks into folders and what looks into images, together.
type images struct {
	*share.Opener
	*imaging.Library
}

// address is how this machine reaches the listener: an unspecified address is replaced by the machine's name.
func (s *server) address() string {
	host, port, _ := net.SplitHostPort(s.listener.Addr().String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = hostname()
	}
	return net.JoinHostPort(host, port)
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return strings.ToLower(name)
}

func readLogins(file string) (logins []share.Login, err error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(b, &logins)
	}
	if err != nil {
		return nil, berth.Errorf(berth.Invalid, "logins for file servers: %s: %w", file, err).On("share-logins")
	}
	return logins, nil
}

// begin prepares an empty farm and says how to reach it.
func (s *server) begin(ctx context.Context) error {
	token, isNew, err := s.service.Begin(ctx, berth.Site{Name: s.site, SubscriptionID: uuid.NewString(), Location: s.location})
	if err != nil {
		return err
	}
	fmt.Printf("Berth %s listens on %s\n", version, s.url)
	fmt.Printf("Authority      %s\n", auth.Fingerprint(s.authority.CertificateDER()))
	if s.bootstrapFile != "" {
		return s.writeBootstrap(ctx, token.Text)
	}
	if isNew {
		fmt.Printf("First administrator's token, shown this once:\n  %s\n", token.Text)
	}
	return nil
}

// serve answers requests until the context ends; then it lets those under way finish for a moment.
func (s *server) serve(ctx context.Context) error {
	cert, err := s.certificate()
	if err != nil {
		return err
	}
	base, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	h := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return base },
		ErrorLog:    slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert},
			// Only agents have certificates; everybody else signs in otherwise.
			ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: s.authority.Pool()},
	}
	failed := make(chan error, 1)
	go func() { failed <- h.ServeTLS(s.listener, "", "") }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.log.Info("stopping")
	stop() // ends requests that only wait
	grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	s.service.Stop(grace)
	if err := h.Shutdown(grace); err != nil {
		return h.Close()
	}
	return nil
}

// certificate is the one given, else one of the server's own authority.
func (s *server) certificate() (tls.Certificate, error) {
	if s.tlsCert != "" || s.tlsKey != "" {
		c, err := tls.LoadX509KeyPair(s.tlsCert, s.tlsKey)
		if err != nil {
			return c, berth.Errorf(berth.Invalid, "certificate to serve with: %w", err).On("tls-cert")
		}
		return c, nil
	}
	host, _, err := net.SplitHostPort(s.address())
	if err != nil {
		return tls.Certificate{}, err
	}
	c, err := s.authority.IssueServer(unique(append([]string{host, hostname(), "localhost", "127.0.0.1", "::1"}, s.names...)))
	if err == nil {
		fmt.Printf("Certificate    %s\n", auth.Fingerprint(c.Certificate[0]))
	}
	return c, err
}

// How many requests of Azure's interface each principal may make at once, and how soon there is one more.
const (
	azureBurst = 5000
	azureEvery = time.Millisecond
)

// handler puts the faces side by side.
func (s *server) handler() http.Handler {
	native := api.New(api.Options{Service: s.service, Version: version, Log: s.log, HostID: s.authority.VerifyHost})
	azure := arm.New(s.service, arm.Options{Log: s.log, Authenticate: s.service.Authenticate, Access: s.access,
		Limit: auth.NewLimiter(azureBurst, azureEvery, time.Now), Now: time.Now, Random: rand.Reader})
	web := console.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		switch {
		case arm.Handles(r.URL.Path):
			azure.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/api/"), strings.HasPrefix(r.URL.Path, "/agent/"):
			native.ServeHTTP(w, r)
		case r.URL.Path == "/healthz":
			_, _ = fmt.Fprintln(w, "ok")
		default:
			web.ServeHTTP(w, r)
		}
	})
}
