package api

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"

	"berth"
	"berth/wire"
)

// agentRoutes adds the endpoints of agents: enrolment by key, everything else by the host's certificate alone.
func (a *API) agentRoutes() {
	a.mux.HandleFunc("POST "+wire.PathEnroll, a.enroll)
	a.mux.HandleFunc("POST "+wire.PathSync, a.sync)
	a.mux.HandleFunc("POST "+wire.PathRenew, a.renew)
}

func (a *API) enroll(w http.ResponseWriter, r *http.Request) {
	var in wire.EnrollRequest
	if !a.read(w, r, &in) {
		return
	}
	out, err := a.Service.Enroll(r.Context(), in)
	a.answer(w, out, err)
}

// host returns the id of the host that the request's certificate was given to, and the certificate's serial number.
func (a *API) host(r *http.Request) (id, serial string, err error) {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 || len(r.TLS.VerifiedChains) == 0 {
		return "", "", berth.Errorf(berth.Unauthenticated, "the request came without a host certificate").
			With("enrol the host: `berth agent enroll`")
	}
	cert := r.TLS.PeerCertificates[0]
	id, err = a.HostID(cert)
	return id, cert.SerialNumber.Text(16), err
}

func (a *API) renew(w http.ResponseWriter, r *http.Request) {
	id, serial, err := a.host(r)
	if err != nil {
		a.Service.AgentRefused(r.Context(), err)
		a.answer(w, nil, err)
		return
	}
	var in wire.RenewRequest
	if !a.read(w, r, &in) {
		return
	}
	out, err := a.Service.RenewHost(r.Context(), id, serial, in)
	a.answer(w, out, err)
}

func (a *API) sync(w http.ResponseWriter, r *http.Request) {
	id, serial, err := a.host(r)
	if err != nil {
		a.Service.AgentRefused(r.Context(), err)
		a.answer(w, nil, err)
		return
	}
	var in wire.SyncRequest
	if !a.read(w, r, &in) {
		return
	}
	out, err := a.Service.Sync(r.Context(), id, serial, in)
	a.answer(w, out, err)
}

func (a *API) read(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(r.Body)
	err := d.Decode(into)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return true
		}
		err = cmp.Or(err, errors.New("something follows the object"))
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		p := Problem(a.Log, berth.Errorf(berth.Invalid, "the request is larger than %d bytes", mostBody))
		a.writeProblem(w, withStatus(p, http.StatusRequestEntityTooLarge))
		return false
	}
	a.answer(w, nil, berth.Errorf(berth.Invalid, "the request is no JSON that fits: %v", err))
	return false
}

func (a *API) answer(w http.ResponseWriter, out any, err error) {
	if err != nil {
		if after := retryAfter(err); after != "" {
			w.Header().Set("Retry-After", after)
		}
		a.writeProblem(w, Problem(a.Log, err))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	a.encode(w, out)
}

// writeProblem answers outside of an operation.
func (a *API) writeProblem(w http.ResponseWriter, p wire.Problem) {
	maps.Copy(w.Header(), challenge(p.Status))
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	a.encode(w, p)
}

func (a *API) encode(w http.ResponseWriter, out any) {
	if err := json.NewEncoder(w).Encode(out); err != nil {
		a.Log.Debug("answer not delivered", "error", err)
	}
}
